"""Which WebSocket path belongs to which consumer."""

from django.urls import path, re_path

from streams.consumers import GatewayConsumer, NowhereConsumer

websocket_urlpatterns = [
    path("gateway/<slug:dialect>/<str:gateway>/", GatewayConsumer.as_asgi()),
    # For gateways that can send neither a header nor a query; with or without the last slash, so that a slip is not a secret in a log.
    re_path(r"^gateway/(?P<dialect>[-\w]+)/(?P<gateway>[^/]+)/(?P<password>[^/]+)/?$", GatewayConsumer.as_asgi()),
    re_path("", NowhereConsumer.as_asgi()),
]
