"""Blocking a host, unblocking it, and stopping what goes to it: the pages that ask first, and the doors to them.

Owns the forms and the words around them. What a block does is streams.host_blocks', how a stream is stopped streams.control's."""

from collections.abc import Iterator

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from cdr.admin import acts
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.pages.host import HostPage, HostRows, find_host
from cdr.pure.acts import PERMISSIONS, Act
from cdr.pure.figures import counted
from streams import host_blocks
from streams.host_blocks import AlreadyBlocked, HostOf
from streams.models import Account, HostBlock, Stream
from streams.pure.customer.host_name import canonical_host
from streams.pure.lifecycle import CallState, StreamState

MAY_BLOCK, MAY_STOP = PERMISSIONS[Act.BLOCK_HOST].name, PERMISSIONS[Act.STOP_STREAM].name
STOPPED_AT_ONCE = 5000
THIS, ALL = "this", "all"


class BlockForm(forms.Form):
    """`stop` is for those who may stop streams, `scope` for superusers."""

    why = forms.CharField(
        label="Why", max_length=200, help_text="Stands on the host's page and in the log of each refused stream; customers do not read it."
    )
    scope = forms.ChoiceField(label="For whom")
    stop = forms.BooleanField(label="Stop the streams that go there now as well", required=False)

    def __init__(self, request: HttpRequest, account: Account, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what POST is
        for_all = [(ALL, "All accounts")] if request.user.is_superuser else []
        self.fields["scope"].choices = [(THIS, f"The account {account.name}"), *for_all]  # type: ignore[attr-defined]  # a ChoiceField
        if not request.user.has_perm(MAY_STOP):
            del self.fields["stop"]


class BlocksHosts(Asking, RecordAdmin):
    """Hosts, by their account and their name."""

    def block_view(self, request: HttpRequest, auth_id: str, host: str) -> HttpResponse:
        """GET asks, POST does. Only for those with the permission to block hosts; for all accounts, superusers."""
        rows = _known(auth_id, host)
        form = BlockForm(request, rows.account, request.POST if request.method == "POST" else None)
        return self.act_view(request, MAY_BLOCK, lambda: self._ask_to_block(request, rows, form), lambda: self._block(request, rows, form))

    def _ask_to_block(self, request: HttpRequest, rows: HostRows, form: BlockForm) -> HttpResponse:
        return self.asked(request, block_question(rows, form), crumb=rows.host)

    def _block(self, request: HttpRequest, rows: HostRows, form: BlockForm) -> HttpResponse:
        if not form.is_valid():
            return self._ask_to_block(request, rows, form)
        what = HostOf(None if form.cleaned_data["scope"] == ALL else rows.account, rows.host)
        try:
            acts.block_host(what, form.cleaned_data["why"], visitor(request))
            messages.success(request, f"The host {rows.host} is blocked for {_whose(what.account)}, within two seconds everywhere.")
        except AlreadyBlocked:
            messages.warning(request, f"The host {rows.host} was blocked already for {_whose(what.account)}. Its block was left as it is.")
        if form.cleaned_data.get("stop"):
            self._stop_each(request, rows, what.account)
        return HttpResponseRedirect(_page_of(rows))

    def unblock_view(self, request: HttpRequest, auth_id: str, host: str) -> HttpResponse:
        """Every block that holds for the account and that this reader may lift."""
        rows = _known(auth_id, host)
        blocks = host_blocks.blocks_on(rows.account, rows.host)
        mine = [block for block in blocks if block.account_id or request.user.is_superuser]

        def unblock() -> HttpResponse:
            if blocks and not mine:
                raise PermissionDenied
            going_on = sum(acts.unblock_host(block, visitor(request)) for block in mine)
            messages.success(
                request, f"The host {rows.host} is unblocked; {counted(going_on, 'callback')} that waited for it will be tried now."
            )
            return HttpResponseRedirect(_page_of(rows))

        return self.act_view(
            request, MAY_BLOCK, lambda: self.asked(request, unblock_question(rows, blocks, mine), crumb=rows.host), unblock
        )

    def stop_streams_view(self, request: HttpRequest, auth_id: str, host: str) -> HttpResponse:
        rows = _known(auth_id, host)

        def stop() -> HttpResponse:
            self._stop_each(request, rows, rows.account)
            return HttpResponseRedirect(_page_of(rows))

        return self.act_view(request, MAY_STOP, lambda: self.asked(request, stop_host_question(rows), crumb=rows.host), stop)

    def _stop_each(self, request: HttpRequest, rows: HostRows, account: Account | None) -> None:
        streams = list(live_to(account, rows.host)[:STOPPED_AT_ONCE])
        asked = acts.stop_streams_to_host(rows.account, rows.host, streams, visitor(request))
        more = f" At most {STOPPED_AT_ONCE:,} are asked at once: do it again for the rest." if len(streams) == STOPPED_AT_ONCE else ""
        messages.success(request, f"{counted(asked, 'stream')} to {rows.host} asked to stop. They end within seconds.{more}")

    def _doors_to_blocking(self, request: HttpRequest, page: HostPage) -> Iterator[Door]:
        if page.live and request.user.has_perm(MAY_STOP):
            yield Door("Stop all streams to it…", self.own_url("stop_streams", page.auth_id, page.host), bad=True)
        if not request.user.has_perm(MAY_BLOCK):
            return
        if any(not block.of_all or request.user.is_superuser for block in page.blocks):
            yield Door("Unblock…", self.own_url("unblock", page.auth_id, page.host))
        if not page.blocks or (request.user.is_superuser and not any(block.of_all for block in page.blocks)):
            yield Door("Block…", self.own_url("block", page.auth_id, page.host), bad=True)

    adds = Additions(
        pages=(
            OwnPage("block", "block/<str:auth_id>/<path:host>/", block_view),
            OwnPage("unblock", "unblock/<str:auth_id>/<path:host>/", unblock_view),
            OwnPage("stop_streams", "stop-streams/<str:auth_id>/<path:host>/", stop_streams_view),
        ),
        doors={Where.RECORD: _doors_to_blocking},
    )


def live_to(account: Account | None, host: str) -> QuerySet[Stream]:
    """The streams of the account, or of all, that go to the host now."""
    live = Stream.objects.filter(call__state=CallState.LIVE, service_host=host).exclude(state=StreamState.ENDED)
    return (live.filter(account=account) if account else live).select_related("call").order_by("pk")


def _known(auth_id: str, host: str) -> HostRows:
    """Also a host that nothing went to yet, if there can be one of that name. Raises Http404."""
    rows = found(find_host(auth_id, host), "account")
    try:
        canonical_host(f"[{rows.host}]" if ":" in rows.host else rows.host)
    except ValueError as error:
        raise Http404(str(error)) from error
    return rows


def _whose(account: Account | None) -> str:
    return account.name if account else "all accounts"


def _page_of(rows: HostRows) -> str:
    return reverse("admin:cdr_hostdetail_of", args=[rows.account.auth_id, rows.host])


def block_question(rows: HostRows, form: BlockForm) -> Question:
    live, waiting = live_to(rows.account, rows.host).count(), host_blocks.callbacks_waiting(HostOf(rows.account, rows.host)).count()
    return Question(
        title=f"Block {rows.host}?",
        consequences=(
            "From then on no stream is sent there: one that is asked for ends at once with the reason “Connection error” and a sentence "
            "that says why, and the API refuses to start it. A call that such a stream was to keep alive ends with it.",
            f"Its status callbacks wait until it is unblocked, and none is lost. {counted(waiting, 'callback')} of {rows.account.name} "
            f"{'waits' if waiting == 1 else 'wait'} now.",
            f"{counted(live, 'stream')} of {rows.account.name} {'goes' if live == 1 else 'go'} there now, and will go on unless you have "
            f"{'it' if live == 1 else 'them'} stopped as well.",
            "It is blocked by its name, however that is spelled; another name of the same machine is another host. Its URL can be tested "
            "all the same.",
        ),
        button="Block the host",
        back=_page_of(rows),
        form=form,
    )


def unblock_question(rows: HostRows, blocks: list[HostBlock], mine: list[HostBlock]) -> Question:
    waiting = host_blocks.callbacks_waiting(HostOf(rows.account, rows.host)).filter(due_at=None).count()
    stays = "It stays blocked for all accounts: only a superuser lifts that." if len(mine) < len(blocks) else ""
    return Question(
        title=f"Unblock {rows.host}?",
        consequences=(
            "Streams are sent there again, when they are asked for; those that were refused stay refused.",
            f"{counted(waiting, 'callback')} of {rows.account.name} that waited for it will be tried at once.",
        ),
        warning=stays if mine else "",
        refusal="" if mine else stays or "This host is not blocked.",
        button="Unblock the host",
        back=_page_of(rows),
        bad=False,
        subjects=tuple(f"for {_whose(block.account)}: {block.why}" for block in mine),
    )


def stop_host_question(rows: HostRows) -> Question:
    streams = list(live_to(rows.account, rows.host)[: STOPPED_AT_ONCE + 1])
    keeping = sum(stream.keep_call_alive for stream in streams)
    many = counted(min(len(streams), STOPPED_AT_ONCE), "stream")
    more = f" There are more: at most {STOPPED_AT_ONCE:,} are asked at once." if len(streams) > STOPPED_AT_ONCE else ""
    return Question(
        title=f"Stop {many} to {rows.host}?",
        consequences=(
            f"The audio of {rows.account.name} to this host ends, with the reason “API request”. This cannot be undone.{more}",
            "New streams are sent there all the same: block the host to prevent that.",
        ),
        warning=f"{counted(keeping, 'call')} may end with them: so many were asked to keep their call alive." if keeping else "",
        refusal="" if streams else "No stream of this account goes to this host now.",
        button=f"Stop {many}",
        leave="Leave them running",
        back=_page_of(rows),
    )
