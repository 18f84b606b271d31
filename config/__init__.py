"""The installation: settings, URLs, the ASGI application, Celery, and the one-command runner. Knows both apps; neither knows it."""

from config import misconfigured
from config.celery import app as celery_app

misconfigured.say_in_a_sentence()

__all__ = ["celery_app"]
