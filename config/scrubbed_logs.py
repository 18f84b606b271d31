"""What a process writes down of errors: no value of a URL, no password in a path, no local variable on Django's error page.

Owns the formatter of every log line and what the error page of DEBUG=1 shows."""

import logging
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

from streams.pure.scrubbing import scrubbed

OURS = ("/admin/", "/desk/", "/v1/", "/static/", "/healthz", "/readyz", "/status", "/metrics")
"""Paths in which no password stands. Behind any other one may: a gateway's that took HTTP for WebSocket, or misspelled the path."""


class ScrubbedFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The whole line, with its traceback."""
        text = super().format(record)
        path = getattr(getattr(record, "request", None), "path", "")
        if path and path != "/" and not path.startswith(OURS):
            text = text.replace(path, f"(a path of {len(path)} characters)")
        return scrubbed(text)


class SafeErrorPage(SafeExceptionReporterFilter):
    """Variables by their names and types. What was sent is not shown."""

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> list[tuple[str, Any]]:  # type: ignore[override]
        return [(name, f"<{type(value).__name__}>") for name, value in tb_frame.f_locals.items()]

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.POST, self.cleansed_substitute) if request is not None else {}

    def get_safe_settings(self) -> dict[str, Any]:
        """Django hides those whose names sound secret; passwords stand in addresses as well."""
        shown = super().get_safe_settings()
        return {name: self.cleansed_substitute if name in WITH_ADDRESSES else value for name, value in shown.items()}


WITH_ADDRESSES = {"DATABASES", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "CHANNEL_LAYERS"}
