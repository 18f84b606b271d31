"""What Celery runs for the console: exports, acts on all that match a list, closings of statements, tests of service URLs, alerts,
retention, the comparing of charges with statements, the forgetting of old sign-ins and links. Doors without a rule: the rows say what is
to be done."""

import logging
from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from cdr import exports, invitations, list_acts, log_links, retention, spending, trial_calls, url_tests
from cdr.alerts import gathering, outbox, rounds, transitions
from cdr.sign_in import locks
from cdr.sign_in.sessions import SessionStore
from cdr.statements import closing_jobs
from cdr.statements.checking import check_due
from streams.database_clock import database_now
from streams.delivery import broker

import_string(settings.TASK_APPLICATION)  # whose tasks these are
log = logging.getLogger(__name__)


@shared_task(name="cdr.tasks.look_for_jobs")
def look_for_jobs() -> None:
    """Has the tasks run that have something to do. All are looked after at once: each second, and each task opens a connection to the
    database for itself."""
    now = database_now()
    for task, is_due in (
        (run_exports, exports.export_due_since),
        (run_list_acts, list_acts.list_act_is_due),
        (run_url_tests, url_tests.url_test_due_since),
        (place_trial_calls, trial_calls.trial_call_due_since),
        (mail_invitations, invitations.mail_is_due),
        (close_statements, closing_jobs.closing_due_since),
    ):
        if is_due(now):
            broker.wake(task.name)


@shared_task(name="cdr.tasks.run_exports")
def run_exports() -> None:
    """Works off the exports that wait; what is begun meanwhile waits for the next call."""
    while job := exports.claim_next():
        import_module(settings.ROOT_URLCONF)  # and with it the console, whose lists say what an export of each holds
        exports.run(job)


@shared_task(name="cdr.tasks.remove_old_exports")
def remove_old_exports() -> None:
    exports.remove_old()


@shared_task(name="cdr.tasks.run_list_acts")
def run_list_acts() -> None:
    """A slice of the next act on a list that waits; what is left of it waits for the next call."""
    if job := list_acts.claim_next():
        list_acts.work_on(job)


@shared_task(name="cdr.tasks.remove_old_list_acts")
def remove_old_list_acts() -> None:
    list_acts.remove_old()


@shared_task(name="cdr.tasks.run_url_tests")
def run_url_tests() -> None:
    """Works off the tests of service URLs that wait, one after another; several workers may."""
    while job := url_tests.claim_next():
        url_tests.run(job)


@shared_task(name="cdr.tasks.place_trial_calls")
def place_trial_calls() -> None:
    """Places the test calls that wait, one after another; several workers may."""
    while job := trial_calls.claim_next():
        trial_calls.bring(job)


@shared_task(name="cdr.tasks.remove_old_trial_calls")
def remove_old_trial_calls() -> None:
    trial_calls.remove_old()


@shared_task(name="cdr.tasks.remove_old_url_tests")
def remove_old_url_tests() -> None:
    url_tests.remove_old()


@shared_task(name="cdr.tasks.close_statements")
def close_statements() -> None:
    """Closes those that are asked for, one after another; several workers may."""
    while closing_jobs.close_next():
        pass


@shared_task(name="cdr.tasks.look_at_alert_rules")
def look_at_alert_rules() -> None:
    rounds.look_at_what_is_due()


@shared_task(name="cdr.tasks.tell_alerts")
def tell_alerts() -> None:
    """Makes messages of what is to be told, and sends those that are due, one after another; several workers may."""
    gathering.gather()
    while outbox.send_next():
        pass


@shared_task(name="cdr.tasks.mail_invitations")
def mail_invitations() -> None:
    while invitations.mail_next():
        pass


@shared_task(name="cdr.tasks.forget_old_invitations")
def forget_old_invitations() -> None:
    invitations.forget_old()


@shared_task(name="cdr.tasks.remove_old_alerts")
def remove_old_alerts() -> None:
    outbox.remove_old()
    transitions.forget_closed(database_now())


@shared_task(name="cdr.tasks.forget_old_sign_ins")
def forget_old_sign_ins() -> None:
    """Failures that no longer count, and sessions that have ended."""
    locks.prune()
    SessionStore.clear_expired()


@shared_task(name="cdr.tasks.forget_old_log_links")
def forget_old_log_links() -> None:
    log_links.forget_ended()


@shared_task(name="cdr.tasks.check_money")
def check_money() -> None:
    """Once a day; most of the time it is not due."""
    if (check := check_due()) and check.problems:
        log.error("Charges, streams and statements do not agree: %s", " ".join(check.problems))


@shared_task(name="cdr.tasks.watch_spending")
def watch_spending() -> None:
    spending.watch_all()


@shared_task(name="cdr.tasks.apply_retention")
def apply_retention() -> None:
    """A slice of the round under way; most of the time there is none."""
    retention.apply()
    retention.remove_recordings()
