"""What a process of the tests makes once, though the product or Django makes it for every client or connection.

Owns these short cuts, none of which changes what an answer is."""

from typing import Any

from django.conf import settings
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
