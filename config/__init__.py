"""The installation: settings, URLs, the ASGI application, Celery, and the one-command runner. Knows both apps; neither knows it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
