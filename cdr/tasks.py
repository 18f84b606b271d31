"""What Celery runs for the console: exports and tests of service URLs. A door without a rule: the rows say what is to be done."""

from celery import shared_task

from cdr import exports, url_tests


@shared_task(name="cdr.tasks.run_exports")
def run_exports() -> None:
    """Works off the exports that wait; what is begun meanwhile waits for the next call."""
    while job := exports.take_next():
        exports.run(job)


@shared_task(name="cdr.tasks.remove_old_exports")
def remove_old_exports() -> None:
    exports.remove_old()


@shared_task(name="cdr.tasks.run_url_tests")
def run_url_tests() -> None:
    """Works off the tests of service URLs that wait, one after another; several workers may."""
    while job := url_tests.take_next():
        url_tests.run(job)


@shared_task(name="cdr.tasks.remove_old_url_tests")
def remove_old_url_tests() -> None:
    url_tests.remove_old()
