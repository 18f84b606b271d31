"""What a process of the tests makes once, though the product or Django makes it for every client or connection.

Owns these short cuts, none of which changes what an answer is."""

from typing import Any

import django.test.utils
from django.conf import settings
from django.template import Template
from whitenoise.middleware import WhiteNoiseMiddleware


def find_static_files_once() -> None:
    """Every test client has middlewares of its own, and WhiteNoise's looks at each static file when it begins: 20 ms a client."""
    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[Any, dict[str, Any]] = {}

    def remembered(middleware: WhiteNoiseMiddleware) -> None:
        asked = (settings.STATIC_URL, str(settings.STATIC_ROOT), *settings.INSTALLED_APPS)
        if asked not in found:
            find(middleware)
            found[asked] = dict(middleware.files)
        middleware.files |= found[asked]

    WhiteNoiseMiddleware.add_files_from_finders = remembered


def draw_as_the_product_draws() -> None:
    """Without a copy, for the test, of what each template that is drawn in a page was given. (`context` of an answer is nothing then;
    `context_data` is what the view gave.)"""
    django.test.utils.instrumented_test_render = Template._render  # type: ignore[attr-defined]
