"""Why a gateway was refused, and what to do about it, in words for people.

Owns those words. Must not know rows."""

from cdr.pure.badges import Badge
from streams.pure.gateway.refusal import Reason

NOT_IN = "bad"
"""The tone of what keeps a gateway out; what passes by itself, or harms one call only, is a warning."""

WORDS: dict[str, tuple[str, str, str]] = {
    Reason.UNKNOWN_GATEWAY: (
        "unknown gateway",
        NOT_IN,
        "The last part of the URL has to be the name of a gateway, spelled as in the list of gateways.",
    ),
    Reason.WRONG_PASSWORD: (
        "wrong password",
        NOT_IN,
        "The user name is the gateway's name. Nobody reads a password here: where it is lost, set a new one on the gateway's page.",
    ),
    Reason.TOO_MANY_GUESSES: (
        "too many guesses",
        NOT_IN,
        "After wrong passwords from one address its next tries are refused unseen, for up to 5 minutes. Correct it there and wait; "
        "if it is not your gateway, block the address. From other addresses the right password comes in.",
    ),
    Reason.NO_SIGNATURE: (
        "no signature",
        NOT_IN,
        "A gateway with a signing token takes only what Twilio signed. For anything else remove the token and give a password.",
    ),
    Reason.WRONG_SIGNATURE: (
        "wrong signature",
        NOT_IN,
        "Compare the signing token with the auth token of the Twilio account. A proxy in front has to pass on Host and the path unchanged.",
    ),
    Reason.WRONG_DIALECT: ("wrong dialect", NOT_IN, "Take the URL from the gateway's page, or change the dialect there."),
    Reason.NO_TLS: (
        "no TLS",
        NOT_IN,
        "Connect it to wss://, and give it a new password: the present one went over the network in clear. A gateway in a network where "
        "nobody listens is let in by PLAIN_ALLOW.",
    ),
    Reason.NO_SUCH_PATH: ("no such path", NOT_IN, "Gateways connect to /gateway/<dialect>/<name>/; the gateway's page has the URL."),
    Reason.STOPPING: ("process stopping", "warn", "Nothing: a process was being restarted. The gateway's next attempt finds another."),
    Reason.NOT_LOADED: ("database away", "warn", "See to the database: it has not answered since that process began."),
    Reason.UNSUPPORTED_MEDIA: ("unsupported codec", NOT_IN, "Configure one of the formats that are named."),
    Reason.NO_MEDIA: (
        "no MEDIA_START",
        NOT_IN,
        "The gateway was let in and said nothing. Either it is of another dialect, or a proxy between holds its messages back.",
    ),
    Reason.CALL_LIVE: ("call is live", "warn", "Two connections came with one call_uuid. Each call needs one of its own."),
    Reason.CALL_USED: ("call_uuid used before", "warn", "A call_uuid serves one call. Make a fresh one for each."),
    Reason.TOO_MANY_CALLS: (
        "too many calls",
        NOT_IN,
        "Its account or this gateway has as many calls as it may. Raise the limit on its page, or see why calls do not end.",
    ),
    Reason.UNLISTED: (
        "more attempts",
        "warn",
        "Somebody tries many names, or comes from many addresses. The log of the web process has a line for each.",
    ),
}
"""By reason: the badge's word, its tone, and what to do."""


def refusal_badge(reason: str) -> Badge:
    word, tone, _ = WORDS.get(reason, (reason, "quiet", ""))
    return Badge("✕" if tone == NOT_IN else "▲", word, tone)


def advice(reason: str) -> str:
    return WORDS[reason][2] if reason in WORDS else ""
