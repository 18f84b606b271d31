"""Which pages of the reference are made of the code, in their order.

Needs Django's settings, as what the pages tell does."""

from collections.abc import Callable

from docs.site import commands_page, ends_page, figures_page, log_page, operations_page, settings_page

PAGES: dict[str, Callable[[], str]] = {
    "operations": operations_page.render,
    "events": log_page.render,
    "ends": ends_page.render,
    "settings": settings_page.render,
    "figures": figures_page.render,
    "commands": commands_page.render,
}
