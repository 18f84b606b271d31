"""Which WebSocket path belongs to which consumer."""

from django.urls import path, re_path

from streams.consumers import GatewayConsumer, NowhereConsumer

websocket_urlpatterns = [
    path("gateway/<slug:dialect>/<str:gateway>/", GatewayConsumer.as_asgi()),
    re_path("", NowhereConsumer.as_asgi()),
]
