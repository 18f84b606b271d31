"""From which pages a browser may open a WebSocket."""

import pytest

from config.same_origin import comes_from_us

HOSTS = ["desk.example.com", "localhost"]


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "ours"),
    [
        ("wss", "desk.example.com", "https://desk.example.com", True),
        ("wss", "desk.example.com:443", "https://desk.example.com", True),
        ("wss", "DESK.example.com", "https://desk.example.com:443", True),
        ("ws", "localhost:8000", "http://localhost:8000", True),
        # Another service on this host, the same one without TLS, and those who say they are us.
        ("ws", "localhost:8000", "http://localhost:3000", False),
        ("ws", "localhost:8000", "http://localhost", False),
        ("wss", "desk.example.com", "http://desk.example.com", False),
        ("wss", "desk.example.com", "https://desk.example.com:8443", False),
        ("wss", "desk.example.com", "https://evil.example", False),
        ("wss", "desk.example.com", "https://desk.example.com.evil.example", False),
        ("wss", "desk.example.com", "https://desk.example.com@evil.example", False),
        ("wss", "desk.example.com", "https://evil.example/desk.example.com", False),
        ("wss", "desk.example.com", "null", False),
        ("wss", "desk.example.com", "", False),
        ("wss", "desk.example.com", "https://[", False),
        # A name that is none of ours is no ground to stand on, though Origin and Host agree.
        ("wss", "evil.example", "https://evil.example", False),
        # One that the operator named.
        ("ws", "inside", "https://proxied.example.com", True),
        ("ws", "inside", "http://proxied.example.com", False),
    ],
)
def test_scheme_host_and_port_have_to_be_ours(scheme: str, host: str, origin: str, ours: bool) -> None:
    scope = {"scheme": scheme, "headers": [(b"host", host.encode()), *([(b"origin", origin.encode())] if origin else [])]}
    assert comes_from_us(scope, HOSTS, ["https://proxied.example.com"]) is ours


def test_two_origins_are_none() -> None:
    twice = [(b"origin", b"http://localhost:8000"), (b"origin", b"http://evil.example")]
    assert not comes_from_us({"headers": [(b"host", b"localhost:8000"), *twice]}, HOSTS, [])
