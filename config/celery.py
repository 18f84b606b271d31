"""The Celery application. Tasks carry ids only: the database row is the truth, a message is a nudge."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("streamdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
