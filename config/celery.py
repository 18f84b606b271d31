"""The Celery application. Tasks carry ids only: the database row is the truth, a message is a nudge."""

import os
from importlib import import_module
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init, worker_ready, worker_shutdown, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery runs Django's checks, tells nobody what they found, and has all pages imported for them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("streamdesk", task_cls="config.task_failures:RowsTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def require_secrets_key(**_: Any) -> None:
    """Celery looks at no check of Django's; a worker with another key must not write."""
    from config.checks import wrong_secrets_key  # noqa: PLC0415 - settings are read by the time that this is called

    if wrong := wrong_secrets_key():
        raise SystemExit(wrong)


@worker_init.connect
def put_no_message_back(**_: Any) -> None:
    """A message in hand when the connection is lost would be put back by way of that connection, and the failure of that ends the worker
    (Celery 5.7.0). It need not be put back: what it was sent for stands in rows, and the next sweep finds it."""
    transport = import_module("kombu.transport.redis")  # now: with all of redis-py, which a command does without
    transport.virtual.QoS.restore_at_shutdown = False


@worker_init.connect
def make_the_backend(**_: Any) -> None:
    """Before threads do: whichever finds none makes one, and for that reads what each installed package says of itself."""
    _ = app.backend


@worker_init.connect
def close_no_connection_after_each_task(**_: Any) -> None:
    from config import worker_connections  # noqa: PLC0415 - settings are read by the time that this is called

    worker_connections.keep_connections()


@worker_ready.connect
def show_figures(**_: Any) -> None:
    from django.conf import settings  # noqa: PLC0415 - as above

    if settings.WORKER_METRICS[1]:
        from config.metrics.of_worker import serve_metrics  # noqa: PLC0415 - with prometheus-client, which most workers do without

        serve_metrics()


@worker_shutting_down.connect
def begin_no_callback(**_: Any) -> None:
    from streams.delivery import courier  # noqa: PLC0415 - models are there by now

    courier.stop_beginning()


@worker_shutdown.connect
def end_callbacks_under_way(**_: Any) -> None:
    from streams.delivery import courier  # noqa: PLC0415 - as above

    courier.close()


@worker_shutdown.connect
def show_no_figures_any_more(**_: Any) -> None:
    from django.conf import settings  # noqa: PLC0415 - as above

    if settings.WORKER_METRICS[1]:
        from config.metrics.of_worker import stop_serving_metrics  # noqa: PLC0415 - as above

        stop_serving_metrics()
