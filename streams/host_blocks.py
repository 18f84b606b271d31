"""Which of customers' hosts are blocked, for an account or for all of them: no stream is sent there, and callbacks wait.

Owns those rows, and how callbacks wait and go on. Must not know who dials, nor which callbacks are next."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import transaction
from django.db.models import CharField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from streams.database_clock import database_now
from streams.models import Account, Callback, CallbackState, HostBlock
from streams.pure.customer.host_name import folded_host
from streams.ready_statement import ReadyStatement

Blocks = Mapping[tuple[int | None, str], str]
"""By account (None: all) and host, why."""


class AlreadyBlocked(Exception):
    """Nothing is to be done: the host is blocked so already."""


class HostOf(NamedTuple):
    """A host as it is blocked: of an account, or None for all of them."""

    account: Account | None
    host: str


_BLOCKS = ReadyStatement(lambda: HostBlock.objects.values_list("account_id", "host", "why"))


def load_blocks() -> dict[tuple[int | None, str], str]:
    """All there are: they are made by hand, and few."""
    return {(account, host): why for account, host, why in _BLOCKS.ask()}


def refusal_of(blocks: Blocks, account_id: int, host: str) -> str:
    """Why no stream of the account may be sent to the host, in a sentence; "" where it may."""
    name = folded_host(host)
    for whose, words in ((account_id, "for this account"), (None, "for all accounts")):
        if (whose, name) in blocks:
            why = f": {blocks[whose, name].rstrip('.')}" if blocks[whose, name] else ""
            return f"The host {name} is blocked {words}{why}. An operator can unblock it in the console."
    return ""


def blocks_on(account: Account, host: str) -> list[HostBlock]:
    """Those that hold for the account's streams and callbacks to this host, its own first."""
    found = HostBlock.objects.filter(Q(account=account) | Q(account=None), host=folded_host(host)).select_related("account")
    return sorted(found, key=lambda block: block.account_id is None)


def block(what: HostOf, why: str, by: str) -> HostBlock:
    """From now on; what waits for the host waits until it is unblocked. Raises AlreadyBlocked."""
    with transaction.atomic():
        made, new = HostBlock.objects.get_or_create(
            account=what.account, host=what.host, defaults={"why": why, "blocked_by": by, "blocked_at": database_now()}
        )
        if not new:
            raise AlreadyBlocked
        due: QuerySet[Callback] = callbacks_waiting(what).filter(due_at__isnull=False)
        due.update(due_at=None)
    return made


def unblock(there: HostBlock) -> int:
    """Returns how many callbacks go on now; those that another block holds wait again at once."""
    with transaction.atomic():
        what = HostOf(there.account, there.host)
        HostBlock.objects.filter(pk=there.pk).delete()
        return callbacks_waiting(what).filter(due_at=None).update(due_at=database_now())


def callbacks_waiting(what: HostOf) -> QuerySet[Callback]:
    """The callbacks to the host that are not taken yet, on whichever port."""
    of_account = Q(account=what.account) if what.account else Q()
    return Callback.objects.filter(of_account, state=CallbackState.PENDING, host__startswith=f"{what.host}:").order_by()


# In the queue of callbacks -------------------------------------------------------------------------------------------------
def is_blocked() -> Exists:
    """Of a callback: whether its host is."""
    blocks = HostBlock.objects.filter(Q(account=None) | Q(account=OuterRef("account"))).order_by()
    sent_to = ExpressionWrapper(OuterRef("host"), output_field=CharField())
    return Exists(blocks.annotate(sent_to=sent_to).filter(sent_to__startswith=Concat("host", Value(":"))))


def keep_waiting(callbacks: Collection[int]) -> None:
    """They were found due, and are to wait until their host is unblocked. Whoever unblocks one deletes its row first: it is locked here, so
    that nothing is made to wait which was just let go."""
    with transaction.atomic():
        list(HostBlock.objects.select_for_update().values_list("pk"))
        found = Callback.objects.filter(pk__in=callbacks, state=CallbackState.PENDING)
        found.filter(is_blocked()).update(due_at=None)
