"""A page without the phone numbers of its call, for those who may not see them, and with the secrets of its URLs for those who may.

Owns which parts of a page are texts. What is hidden of a number is cdr.pure.masking's."""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol, TypeVar

from cdr.pure.masking import masking
from cdr.pure.secret_text import SecretText


class Numbered(Protocol):
    """A page that says whose numbers may stand on it."""

    @property
    def numbers(self) -> tuple[str, ...]: ...


NumberedPage = TypeVar("NumberedPage", bound=Numbered)


def as_seen(page: NumberedPage, *, whole_numbers: bool, secrets: bool) -> NumberedPage:
    """The same page for this reader, in every text of it, however deep: its call's numbers masked, or secrets as they are."""
    hide = str if whole_numbers else masking(page.numbers)
    if whole_numbers and not secrets:
        return page
    seen: NumberedPage = _hidden(page, lambda text: hide(text.whole if secrets and isinstance(text, SecretText) else text))
    return seen


def hiding(numbers: Iterable[str], whole: bool) -> Callable[[Any], Any]:
    """What makes of a value the one that may be shown: the same when numbers may be seen whole."""
    if whole:
        return lambda value: value
    hide = masking(numbers)
    return lambda value: _hidden(value, hide)


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if type(value) in (str, SecretText):
        return hide(value)
    if isinstance(value, list):
        return [_hidden(part, hide) for part in value]
    if isinstance(value, tuple):
        parts = [_hidden(part, hide) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _hidden(getattr(value, field.name), hide) for field in fields(value)})
    return value
