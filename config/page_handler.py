"""How a request becomes an answer: in one thread, from the first middleware to the view and back.

Django's own handler for ASGI goes from the event loop to the request's thread and back for what each middleware does before the view, and
again for what it does after it: more than half of what a small answer of the API cost, and beside the audio of calls. All that we show is
read from the database, which needs a thread anyway; a view that is a coroutine goes to the event loop from there. A page calls some 100
deep, and has room for that. Must not know pages."""

from functools import partial
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest

from streams.pure.deep_calls import with_room


class PageHandler(ASGIHandler):
    def load_middleware(self, is_async: bool = True) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> Any:
        return await sync_to_async(with_room, thread_sensitive=True)(partial(self.get_response, request))


def page_handler() -> PageHandler:
    """As Django's `get_asgi_application`."""
    django.setup(set_prefix=False)
    return PageHandler()
