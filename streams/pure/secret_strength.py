"""What a secret has to be that a machine checks in a moment: a gateway's password, an auth token, a signing token. One rule for the
console's forms and the provisioning file.

Owns lengths and strengths; how many guesses a secret takes is zxcvbn's to estimate. Must not know who has it."""

import math
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

WEIGHED = 40
"""Characters that are looked at: more make no secret weaker, and take time that grows with their square."""
MOST_READINGS = 32
ONE_SIGN_FOR_MANY = str.maketrans("{[<!|@+$", "(((11475")
"""zxcvbn tries each letter that a sign may stand for, with every other one: of signs alone that took it seconds. Where there are more
readings than these, signs that stand for the same letter are read as one, which makes no secret stronger."""
QUOTED = re.compile('"([^"]*)"')
MAKE_ONE = "Have a machine make one, such as: python3 -c 'import secrets; print(secrets.token_urlsafe(30))'"


class Need(NamedTuple):
    """`guesses`: ten to the power of this many have to be needed to find it."""

    words: str
    shortest: int
    guesses: int


class Secret(Enum):
    GATEWAY_PASSWORD = Need("password", 16, 13)
    AUTH_TOKEN = Need("auth token", 24, 18)
    SIGNING_TOKEN = Need("signing token", 16, 13)


def secret_problem(kind: Secret, secret: str, known: Iterable[str] = ()) -> str:
    """What is wrong with it and what would be right, in a sentence; "" when nothing is. `known`: words that an attacker tries first, such
    as the name it belongs to."""
    need = kind.value
    if len(secret) < need.shortest:
        return (
            f"The {need.words} has {len(secret)} character{'' if len(secret) == 1 else 's'}, and needs at least {need.shortest}. {MAKE_ONE}"
        )
    if not secret.isprintable() or secret[0].isspace() or secret[-1].isspace():
        return f"The {need.words} holds characters that cannot be seen, or begins or ends with a blank. {MAKE_ONE}"
    if guesses_needed(secret, known) < need.guesses:
        return f"The {need.words} is long enough, and can be guessed: {_why(secret, known)}. {MAKE_ONE}"
    return ""


def guesses_needed(secret: str, known: Iterable[str] = ()) -> float:
    """As a power of ten."""
    return float(_weighed(secret, known)["guesses_log10"])


def _weighed(secret: str, known: Iterable[str]) -> dict[str, Any]:
    beginning = secret[:WEIGHED]
    readings = math.prod(max(sum(sign in beginning for sign in signs), 1) for signs in L33T_TABLE.values())
    looked_at = beginning.translate(ONE_SIGN_FOR_MANY) if readings > MOST_READINGS else beginning
    return dict(zxcvbn(looked_at, user_inputs=_words(known)))


def _why(secret: str, known: Iterable[str]) -> str:
    warning = str(_weighed(secret, known)["feedback"]["warning"])
    return QUOTED.sub(r"“\1”", warning.rstrip(".")) if warning else "it is made of words, names or numbers that are tried first"


def _words(known: Iterable[str]) -> list[str]:
    return [word[:WEIGHED] for word in known if word]
