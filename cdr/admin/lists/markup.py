"""The few pieces of HTML that list columns are made of. Everything foreign goes through format_html.

Owns their markup; the templates of pages hold the same in templates/admin/cdr/_*.html. Must not know records."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cdr.pure.badges import Badge
from cdr.pure.figures import NOTHING


def badge_html(badge: Badge | None, title: str = "") -> SafeString:
    """`title` is shown on hover."""
    if badge is None:
        return quiet(NOTHING)
    icon = format_html('<span aria-hidden="true">{}</span> ', badge.icon) if badge.icon else ""
    return format_html('<span class="badge badge-{}"{}>{}{}</span>', badge.tone, _title(title), icon, badge.word)


def _title(words: str) -> SafeString | str:
    return format_html(' title="{}"', words) if words else ""


def badges_html(badges: Iterable[Badge]) -> SafeString:
    """Several badges on a line; a dash when there are none."""
    joined = format_html_join(" ", "{}", ((badge_html(badge),) for badge in badges))
    return joined or quiet(NOTHING)


def quiet(text: str, title: str = "") -> SafeString:
    return format_html('<span class="quiet" title="{}">{}</span>', title, text)


def named_link(url: str, name: str) -> SafeString:
    """To the page of what strangers gave a name to."""
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, name)


def code_link(url: str, text: str, title: str) -> SafeString:
    """A link in a monospaced face; `title` is shown on hover."""
    return format_html('<a class="code" href="{}" title="{}">{}</a>', url, title, text)
