"""How many bytes of a connection were written and not taken: in the transport, and in the two kernels, as far as it can be known.

Must not know what the bytes are."""

import asyncio
import fcntl
import socket
import struct
import sys
import termios

PEER_HELD_LIMIT_BYTES = 131_072
TCP_INFO_WINDOW_AT = 228
"""Where tcpi_snd_wnd stands in struct tcp_info (linux/tcp.h, since Linux 5.4; older kernels give a shorter struct)."""


def buffered_bytes(transport: asyncio.Transport) -> int:
    size = transport.get_write_buffer_size()
    # Under TLS the encrypted bytes wait in a transport of their own, which asyncio shows through a private name only.
    inner = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    return size + (inner.get_write_buffer_size() if inner is not None else 0)


class KernelQueue:
    """What the two kernels hold of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._widest_window = 0

    def unacknowledged_bytes(self) -> int:
        """SIOCOUTQ: what our kernel sent or holds and the peer's kernel has not acknowledged."""
        try:
            return int(struct.unpack("i", fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])
        except OSError:
            return 0

    def peer_held_bytes(self) -> int:
        """What the peer's kernel acknowledged and its service did not read: seen in the window it offers (tcpi_snd_wnd), which
        shrinks as its buffer fills. Counted once three quarters are gone, so that a busy moment is not taken for a stall, and
        never more than PEER_HELD_LIMIT_BYTES; without it a service that stops reading would go unseen for some seconds more."""
        window = self._window()
        self._widest_window = max(self._widest_window, window)
        if window * 4 >= self._widest_window:
            return 0
        return min(self._widest_window - window, PEER_HELD_LIMIT_BYTES)

    def _window(self) -> int:
        if sys.platform != "linux":
            return 0
        try:
            info = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_WINDOW_AT + 4)
        except OSError:
            return 0
        return int(struct.unpack_from("I", info, TCP_INFO_WINDOW_AT)[0]) if len(info) > TCP_INFO_WINDOW_AT else 0
