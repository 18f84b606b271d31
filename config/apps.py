"""The installation as an app, so that its management commands and its checks are found; what is said to databases at the start, and where
errors are reported."""

from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created

from config import garbage_collection
from config.error_reports import begin_reporting
from config.postgres_sessions import tell_session


class ConfigConfig(AppConfig):
    name = "config"
    label = "installation"

    def ready(self) -> None:
        from config import checks  # noqa: F401, PLC0415 - importing it registers the checks

        begin_reporting(settings.SENTRY_DSN)
        if settings.TRACE_SHARE:
            from config.tracing import begin_tracing  # noqa: PLC0415 - it reads models, which are there now

            begin_tracing()
        connection_created.connect(tell_session)
        garbage_collection.begin_again()
