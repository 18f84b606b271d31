"""The ASGI application, the same under Daphne and uvicorn: pages over HTTP, gateways and open debug logs over WebSocket.

The gateways' routes stand outside any origin check: a gateway sends no Origin header. Browsers' routes stand behind one,
and know the session."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import SessionMiddlewareStack

from config import garbage_collection
from config.page_handler import page_handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
garbage_collection.rest()
django_application = page_handler()

import kombu.transport.redis  # noqa: E402, F401 - as config.celery below
from django.conf import settings  # noqa: E402 - as below
from django.urls import get_resolver, re_path  # noqa: E402 - as below

import config.celery  # noqa: E402, F401 - all that callbacks are sent with is imported before the first call, not beside it
from cdr.live import live_urlpatterns  # noqa: E402 - needs the app registry that the line above fills
from config import page_connections  # noqa: E402 - as above
from config.behind_proxies import BehindProxies  # noqa: E402 - as above
from config.metrics.page import MetricsPage  # noqa: E402 - as above
from config.plain_http import NoPlainSecrets  # noqa: E402 - as above
from config.same_origin import SameOrigin  # noqa: E402 - as above
from config.serving_role import MEDIA, in_role  # noqa: E402 - as above
from streams.routing import websocket_urlpatterns  # noqa: E402 - as above

browsers = re_path("^(?=(admin|desk)/live/)", SameOrigin(SessionMiddlewareStack(URLRouter(live_urlpatterns))))
_unguarded = ProtocolTypeRouter({"http": django_application, "websocket": URLRouter([browsers, *websocket_urlpatterns])})


def served_as(role: str, metrics_port: int | None = None) -> BehindProxies:
    """What a process of this role answers, with all that stands before it. There is no other way to it. `metrics_port`: where alone it
    shows its figures, None: wherever it is asked.

    All pages are imported here: the first request for one would do so in the middle of calls, and they would wait for it."""
    if role != MEDIA:
        page_connections.share_among_pages()
        garbage_collection.rest()
        get_resolver().url_patterns  # noqa: B018 - reading it imports them
        garbage_collection.begin_again()
    plain_refused = NoPlainSecrets(in_role(role, _unguarded), https=settings.HTTPS)
    return BehindProxies(MetricsPage(plain_refused, role, metrics_port), settings.TRUSTED_PROXIES, hints=settings.HTTPS)


garbage_collection.begin_again()


def __getattr__(name: str) -> BehindProxies:
    """`application`, made when a server asks for it: our own says which role it has, and one for media imports no pages."""
    if name != "application":
        raise AttributeError(name)
    return served_as(settings.SERVE_ROLE)
