"""The API put together: its operations, who may use them, and how it describes itself (/v1/openapi.json, /v1/docs; with API_DOCS).

Owns nothing else. Must not know any operation's work."""

from django.conf import settings
from ninja import NinjaAPI
from ninja.openapi.docs import ABS_TPL_PATH, Swagger

from cdr.api import account, callbacks, calls, dtmf, errors, events, recordings, statements, streams, usage
from cdr.api.auth import AccountAuth

DESCRIPTION = "Calls and their audio streams, in the forms of Plivo's voice API. Log in with the account's auth id and auth token."


class ServedHere(Swagger):
    """The page whose scripts come from here. Of a library that is no installed app it would be the one with another server's."""

    template_cdn = str(ABS_TPL_PATH / "swagger.html")


api = NinjaAPI(
    title="Streamdesk API",
    version="1",
    description=DESCRIPTION,
    urls_namespace="v1",
    auth=AccountAuth(),
    openapi_url="/openapi.json" if settings.API_DOCS else None,
    docs_url="/docs" if settings.API_DOCS else None,
    # The page must ask nobody else what it thinks of the schema.
    docs=ServedHere(settings={"validatorUrl": None}),
)
errors.install(api)
api.add_router("", streams.router)
api.add_router("", events.router)
api.add_router("", callbacks.router)
api.add_router("", recordings.router)
api.add_router("", calls.router)
api.add_router("", dtmf.router)
api.add_router("", account.router)
api.add_router("", usage.router)
api.add_router("", statements.router)
