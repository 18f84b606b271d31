"""The ASGI application, the same under Daphne and uvicorn: pages over HTTP, gateways over WebSocket.

The gateways' route stands outside any origin check: a gateway sends no Origin header."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from streams.routing import websocket_urlpatterns  # noqa: E402 - needs the app registry that the line above fills

application = ProtocolTypeRouter({"http": django_application, "websocket": URLRouter(websocket_urlpatterns)})
