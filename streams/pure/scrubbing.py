"""Secrets of customers that stand in the open: in URLs (user names and passwords, values of query parameters, fragments) and in extra
headers. Names stay, values go.

Owns what is taken out, for every place where such a text is shown, logged, exported or audited. Must not know who reads."""

import re

HIDDEN = "(hidden)"
STARS = "***"

_WORD, _WORD_OF_XML = re.compile(r"\S+"), re.compile(r"[^\s<>]+")
_AFTER_A_URL = "\"'”’)]}.,;:/"
"""What ends a sentence, a bracket or an attribute is not the URL's; that a value ended so is no secret."""
_WHOLE_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S*\Z", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/?#]*@")
_PATH_VALUE = re.compile(r";([^=/;]*)=[^/;]*")
_EXTRA_HEADERS = re.compile(r"""(extraHeaders\s*=\s*)("[^"]*"?|'[^']*'?|[^\s>"']+)""", re.IGNORECASE)
"""In XML. A value that a cut, or a broken document, left open is hidden to the end."""


def scrubbed(text: str) -> str:
    """`text`, a URL or some words with URLs in them, as anybody may read it: `https://***@host/path?token=***&lang=***`."""
    if "//" not in text and "?" not in text:
        return text
    if _WHOLE_URL.match(text):
        return _scrubbed_url(text)
    return _WORD.sub(lambda word: _scrubbed_word(word[0]), text)


def scrubbed_document(text: str) -> str:
    """The same for an answer's XML, in which extra headers stand as well."""
    return _WORD_OF_XML.sub(lambda word: _scrubbed_word(word[0]), _EXTRA_HEADERS.sub(rf'\1"{HIDDEN}"', text))


def scrubbed_headers(text: str) -> str:
    """Of extra headers the names: `X-Token=(hidden); X-Lang=(hidden)`. What has no name is hidden whole."""
    pairs = [pair for part in text.split(";") for pair in part.split(",") if pair.strip()]
    return "; ".join(f"{name.strip()}={HIDDEN}" if mark else HIDDEN for name, mark, _ in (pair.partition("=") for pair in pairs))


def _scrubbed_word(word: str) -> str:
    bare = word.rstrip(_AFTER_A_URL)
    is_url = "//" in bare or ("?" in bare and ("/" in bare or "=" in bare))
    return _scrubbed_url(bare) + word[len(bare) :] if is_url else word


def _scrubbed_url(url: str) -> str:
    rest, _, fragment = url.partition("#")
    path, asks, query = rest.partition("?")
    shown = _PATH_VALUE.sub(rf";\1={STARS}", _USERINFO.sub(f"//{STARS}@", path))
    if asks:
        shown += "?" + "&".join(map(_scrubbed_parameter, query.split("&")))
    return f"{shown}#{STARS}" if fragment else shown


def _scrubbed_parameter(parameter: str) -> str:
    """`name=***`; what has no name may be a value by itself."""
    name, mark, value = parameter.partition("=")
    if mark:
        return f"{name}={STARS if value else ''}"
    return STARS if name else ""
