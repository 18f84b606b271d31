"""The platform's Celery application with one task more, which takes its time: for a worker that is to have messages in hand."""

import time

from config.celery import app

__all__ = ["app"]


@app.task(name="takes_its_time")
def takes_its_time(seconds: float) -> None:
    time.sleep(seconds)
