"""A process that tells what it was given, for test_warm_start.py."""

import contextlib
import gc
import os
import resource
import signal
import sys


def open_descriptors() -> list[str]:
    """Those that no process of Python's has by itself, without the numbers of sockets and pipes."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # of the listing itself
            found += [os.readlink(f"/proc/self/fd/{number}").split(":")[0]] if int(number) > 2 else []
    return found


if __name__ == "__main__":
    # A shell has words of its own in it, and Python one where there is no locale.
    environment = {name: value for name, value in os.environ.items() if name not in ("LC_CTYPE", "PWD", "OLDPWD", "SHLVL", "_")}
    print(sys.argv[1:], os.path.realpath(sys.path[0] or "."), os.getcwd(), sorted(environment.items()), sys.stdout.write_through)
    print(os.getppid(), os.getsid(0) == os.getpid(), resource.getrlimit(resource.RLIMIT_NOFILE), sys.stdin.read())
    print(gc.isenabled(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), open_descriptors())
    print({"config", "streams", "cdr"} & {*sys.modules})
    sys.exit("it went wrong")
