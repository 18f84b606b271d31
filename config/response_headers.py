"""What every answer tells a browser beside Django's own headers: that our pages use none of its devices.

Owns that header (Permissions-Policy)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid"),
    *("magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial"),
    *("usb", "xr-spatial-tracking"),
)
"""Those that browsers know: of a name that it does not, Chromium complains on each page."""
PERMISSIONS_POLICY = ", ".join(f"{name}=()" for name in UNUSED)


def response_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return answer
