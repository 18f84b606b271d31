"""The customers' desk: what an account's own people see and do, on a site of its own at /desk/. Importing this package registers its
lists."""

from cdr.desk import callbacks, calls, statements, streams
from cdr.desk.site import desk

__all__ = ["callbacks", "calls", "desk", "statements", "streams"]
