"""The installation: settings, URLs, the ASGI application, Celery, and the one-command runner. Knows both apps; neither knows it.

Celery's application is not imported here: a fifth of what a command takes to start, and most send and run no task."""

from config import garbage_collection, misconfigured

garbage_collection.rest()  # until Django has all models: it begins again in config/apps.py
misconfigured.say_in_a_sentence()
