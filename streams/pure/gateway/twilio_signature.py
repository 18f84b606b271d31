"""X-Twilio-Signature on a WebSocket upgrade: whether whoever made the URL holds the account's auth token.

Owns that check. Must not know where tokens are kept. Source: Twilio, "Webhooks security" (HMAC-SHA1 over the full URL, base64); an
upgrade has no parameters to add to it."""

import hashlib
import hmac
from base64 import b64encode


def signature(token: str, url: str) -> str:
    """The header for a request without parameters to `url`."""
    return b64encode(hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()).decode()


def signed_with(token: str, given: str, host: str, path: str) -> bool:
    """Whether `given` is the signature, by `token`, of an upgrade at `host` (with its port, if it shows one) and `path` with its query.

    What stands in <Stream url> is wss://, and what is signed was seen with https:// and with wss://, with and without the last slash and
    the default port; so each of them counts. In constant time."""
    hosts = {host, host.removesuffix(":443"), host if ":" in host else f"{host}:443"}
    paths = {path, path.rstrip("/"), path if path.endswith("/") or "?" in path else f"{path}/"}
    urls = [f"{scheme}://{one_host}{one_path}" for scheme in ("wss", "https") for one_host in hosts for one_path in paths]
    matches = [hmac.compare_digest(signature(token, url).encode(), given.encode()) for url in sorted(urls)]
    return bool(token) and any(matches)
