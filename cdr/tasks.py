"""What Celery runs for the console: exports, and nothing else. A door without a rule: the rows say what is to be done."""

from celery import shared_task

from cdr import exports


@shared_task(name="cdr.tasks.run_exports")
def run_exports() -> None:
    """Works off the exports that wait; what is begun meanwhile waits for the next call."""
    while job := exports.take_next():
        exports.run(job)


@shared_task(name="cdr.tasks.remove_old_exports")
def remove_old_exports() -> None:
    exports.remove_old()
