"""How a secret is kept where others may read: sealed (Fernet: AES-128-CBC and HMAC-SHA256), and found by a keyed digest.

Owns the making of keys from what an operator sets, newest first. Must not know where keys or secrets are kept."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_KEY = 32


class CannotOpen(ValueError):
    """Sealed with none of the keys that are known, or not sealed at all."""


class Seal:
    """Closes with the first of `keys`, opens with any of them. Each key is any text of at least SHORTEST_KEY characters. "" stays ""."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, "seal"))) for key in keys])
        self._digest_keys = [_derived(key, "digest") for key in keys]
        self.fingerprints = tuple(_derived(key, "fingerprint").hex()[:16] for key in keys)
        """What each key is known by, in the same order; nothing can be told of a key from it."""

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode() if text else ""

    def open(self, sealed: str, within_seconds: int | None = None) -> str:
        """Raises CannotOpen, also for what was closed longer ago than that."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=within_seconds).decode() if sealed else ""
        except InvalidToken as error:
            raise CannotOpen from error

    def digests(self, text: str) -> tuple[str, ...]:
        """What `text` is found by: under the newest key first, and under those that a row may still be from."""
        return tuple(hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in self._digest_keys)


def _derived(key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"streamdesk {purpose}".encode()).derive(key.encode())
