"""What every answer tells a browser beside Django's own headers: that our pages use none of its devices.

Owns that header (Permissions-Policy)."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid"),
    *("magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial"),
    *("usb", "xr-spatial-tracking"),
)
"""Those that browsers know: of a name that it does not, Chromium complains on each page."""
PERMISSIONS_POLICY = ", ".join(f"{name}=()" for name in UNUSED)


@sync_and_async_middleware
def response_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def answer(request: HttpRequest) -> Any:
        return _with_policy(get_response(request))

    async def answer_async(request: HttpRequest) -> Any:
        return _with_policy(await get_response(request))

    return answer_async if iscoroutinefunction(get_response) else answer


def _with_policy(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    return response
