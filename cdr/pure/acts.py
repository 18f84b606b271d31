"""What people do in the console that somebody may ask about later: the words of the audit log.

Owns those words, the permissions that acts ask for, and how a change is printed. Must not know rows or requests."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from cdr.pure.figures import NOTHING
from streams.pure.foreign_text import cleaned

HIDDEN = "(hidden)"
SECRET_WORDS = ("password", "token", "secret")
SHOWN_CHARACTERS = 200


class Act(StrEnum):
    STOP_STREAM = "stop a stream"
    HANG_UP = "hang up a call"
    SEND_DIGITS = "send digits"
    RESEND_CALLBACK = "resend a callback"
    BLOCK_HOST = "block a host"
    UNBLOCK_HOST = "unblock a host"
    STOP_HOST_STREAMS = "stop streams to host"
    STOP_ALL = "stop all that match"
    RESEND_ALL = "resend all matching"
    HALT_ALL = "halt an act on all"
    MAKE_TOKEN = "make a token"
    REVOKE_TOKEN = "revoke a token"
    ROTATE_TOKEN = "rotate a token"  # entries from before an account had several
    END_OLD_TOKEN = "end an old token"
    TEST_SERVICE_URL = "test a service URL"
    PLACE_TEST_CALL = "place a test call"
    ACKNOWLEDGE = "acknowledge an alert"
    SEND_TEST = "send a test message"
    RETENTION = "remove by retention"
    SIGN_IN = "sign in"
    SIGN_OUT = "sign out"
    FAIL_TO_SIGN_IN = "fail to sign in"
    LOCK = "lock sign-ins"
    LIFT_LOCK = "lift a lock"
    SET_UP_SECOND_FACTOR = "set up second factor"
    REMOVE_SECOND_FACTOR = "remove second factor"
    NEW_RECOVERY_CODES = "new recovery codes"
    CONFIRM = "confirm identity"
    END_SESSION = "end a session"
    CHANGE_PASSWORD = "change own password"
    EXPORT = "export a list"
    CLOSE_STATEMENT = "close a statement"
    CORRECT = "correct what is owed"
    DOWNLOAD_LOG = "download a debug log"
    LISTEN = "hear a recording"
    DOWNLOAD_RECORDING = "download a recording"
    SHARE_LOG = "share a debug log"
    REVOKE_LOG_LINK = "revoke a log link"
    ADD_MEMBER = "add a member"
    REMOVE_MEMBER = "remove a member"
    INVITE_MEMBER = "invite a member"
    REVOKE_INVITATION = "revoke an invitation"
    ACCEPT_INVITATION = "accept an invitation"
    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


class Permission(NamedTuple):
    """To do an act. `of`: "call" or "stream", among whose permissions an administrator finds it."""

    of: str
    codename: str
    words: str

    @property
    def name(self) -> str:
        return f"cdr.{self.codename}"


PERMISSIONS = {
    Act.STOP_STREAM: Permission("stream", "stop_stream", "Can stop a live stream"),
    Act.HANG_UP: Permission("call", "hang_up_call", "Can hang up a live call"),
    Act.SEND_DIGITS: Permission("call", "send_digits", "Can send digits to a live call"),
    Act.RESEND_CALLBACK: Permission("stream", "resend_callback", "Can resend a status callback"),
    Act.BLOCK_HOST: Permission("stream", "block_host", "Can block and unblock a host"),
    Act.SHARE_LOG: Permission("stream", "share_log", "Can share a debug log"),
}
"""What operators may do to calls, streams and callbacks. A new one comes with a migration that makes it and grants it in installations
that are there already, as cdr.migrations.0013_send_digits does."""


def permissions_of(subject: str) -> list[tuple[str, str]]:
    """As Django's models take them."""
    return [(permission.codename, permission.words) for permission in PERMISSIONS.values() if permission.of == subject]


def is_secret(field: str) -> bool:
    """Whether the value of a form's field must not be written down."""
    return any(word in field.lower() for word in SECRET_WORDS)


def change_words(details: object) -> str:
    """`rate: 0.00300 → 0.00400; name: Acme`, of {field: [old, new]}; a field that had no value before shows its new one only."""
    if not isinstance(details, Mapping):
        return NOTHING
    return "; ".join(f"{cleaned(str(name), 60).replace('_', ' ')}: {_values(value)}" for name, value in details.items()) or NOTHING


def _values(value: Any) -> str:
    both = value if isinstance(value, list) else [value]
    words = [cleaned(str(part), SHOWN_CHARACTERS) for part in both]
    shown = words[1:] if len(words) == 2 and not words[0] else words
    return " → ".join(word or NOTHING for word in shown)
