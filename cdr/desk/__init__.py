"""The customers' desk: what an account's own people see and do, on a site of its own at /desk/. Importing this package registers its
lists."""

from cdr.desk import applications, callbacks, calls, members, statements, streams, tokens, url_tests
from cdr.desk.site import desk

__all__ = ["applications", "callbacks", "calls", "desk", "members", "statements", "streams", "tokens", "url_tests"]
