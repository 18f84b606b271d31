"""A file that nobody reads without its key, and of which a part is read without the rest: chunks, each sealed for its place (AES-256-GCM).

Owns the form. Must not know where the file is, what is in it, or where keys are kept. A key is for one file: no place is sealed twice."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 65_536
TAG = 16
KEY_BYTES = 32


class CannotRead(ValueError):
    """Sealed with another key, changed, or cut off."""


def sealed_size(size: int) -> int:
    """How large the file of so many bytes is."""
    return size + TAG * -(-size // CHUNK)


class SealedWriter(io.RawIOBase):
    """Written from the beginning to the end; the first chunk may be written again until `finish`, because formats note their length
    there. An error of the disk is kept in `problem`: libraries that write do not hand exceptions on."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self.size = 0
        self.problem: Exception | None = None
        self._file, self._cipher = file, AESGCM(key)
        self._first, self._last = bytearray(), bytearray()
        self._index, self._at = 1, 0

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self.size)[whence]
        return self._at

    def write(self, data: bytes) -> int:  # type: ignore[override]
        size = len(data)
        try:
            self._put(bytes(data))
        except Exception as error:
            self.problem = self.problem or error
        self._at += size
        return size

    def finish(self) -> None:
        """Raises what the disk raised."""
        if self.problem is None:
            if self._last:
                self._seal(self._index, self._last)
            if self._first:
                self._file.seek(0)
                self._file.write(self._sealed(0, self._first))
            return
        raise self.problem

    def _put(self, data: bytes) -> None:
        into_first = data[: max(CHUNK - self._at, 0)]
        self._first[self._at : self._at + len(into_first)] = into_first
        rest, at = data[len(into_first) :], self._at + len(into_first)
        if rest and at < self.size:
            raise ValueError(f"Only the first {CHUNK} bytes may be written again, not those at {at}.")
        self.size = max(self.size, self._at + len(data))
        self._last += rest
        while len(self._last) >= CHUNK:
            self._seal(self._index, self._last[:CHUNK])
            del self._last[:CHUNK]
            self._index += 1

    def _seal(self, index: int, chunk: bytes | bytearray) -> None:
        self._file.seek(index * (CHUNK + TAG))
        self._file.write(self._sealed(index, chunk))

    def _sealed(self, index: int, chunk: bytes | bytearray) -> bytes:
        return self._cipher.encrypt(index.to_bytes(12, "big"), bytes(chunk), None)


def read_range(file: BinaryIO, key: bytes, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to before `stop`, chunk by chunk. Raises CannotRead."""
    cipher = AESGCM(key)
    while start < stop:
        index, skip = divmod(start, CHUNK)
        file.seek(index * (CHUNK + TAG))
        try:
            chunk = cipher.decrypt(index.to_bytes(12, "big"), file.read(CHUNK + TAG), None)
        except InvalidTag as error:
            raise CannotRead(f"Chunk {index} cannot be read: it was changed or cut off, or the key is another.") from error
        part = chunk[skip : skip + stop - start]
        if not part:
            raise CannotRead(f"The file ends within chunk {index}.")
        yield part
        start += len(part)
