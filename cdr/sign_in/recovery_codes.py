"""Recovery codes as they are kept: what is found out of the database opens nothing.

Owns the digest. django-otp's columns have room for it: 16 characters for a code, and the device's name, which carries the salt."""

import base64
import hashlib
import secrets

NAME = "recovery codes"
COST = 2**13
"""scrypt's n: 25 ms and 8 MiB for each guess. A code has 40 random bits; all of them would take eight hundred years of a processor."""


def new_salt() -> str:
    return secrets.token_hex(8)


def digest_of(code: str, salted_name: str) -> str:
    """Of a code of the device that has this name."""
    digest = hashlib.scrypt(code.encode(), salt=salted_name.encode(), n=COST, r=8, p=1, dklen=12)
    return base64.urlsafe_b64encode(digest).decode()
