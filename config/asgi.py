"""The ASGI application, the same under Daphne and uvicorn: pages over HTTP, gateways and open debug logs over WebSocket.

The gateways' routes stand outside any origin check: a gateway sends no Origin header. Browsers' routes stand behind one,
and know the session."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import SessionMiddlewareStack
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from django.urls import re_path  # noqa: E402 - as below

from cdr.live import live_urlpatterns  # noqa: E402 - needs the app registry that the line above fills
from streams.routing import websocket_urlpatterns  # noqa: E402 - as above

browsers = re_path("^(?=admin/live/)", AllowedHostsOriginValidator(SessionMiddlewareStack(URLRouter(live_urlpatterns))))
application = ProtocolTypeRouter({"http": django_application, "websocket": URLRouter([browsers, *websocket_urlpatterns])})
