"""The list of customers' hosts, the page of one, and what can be done about what waits for it.

Owns the addresses, and how a list's address narrows it. What the pages show is cdr.pages'."""

from collections.abc import Iterator
from datetime import timedelta

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cdr.admin import acts
from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.callbacks import MAY_RESEND
from cdr.admin.entry.visitor import visitor
from cdr.admin.filters.kinds import quoted
from cdr.admin.host_blocking import BlocksHosts
from cdr.admin.lists.questions import MOST_AT_ONCE, Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.admin.site import console
from cdr.admin.understood import name_problems
from cdr.admin.url_tests import MAY_TEST, ask_address
from cdr.models import HostDetail
from cdr.pages.host import HostPage, HostRows, find_host, host_page
from cdr.pages.hosts import HostsSought, HostTable, Known, endpoint_lines, service_lines
from cdr.pages.masked_page import as_seen
from cdr.pages.row_key import only_one
from cdr.pure.figures import counted, moment
from cdr.pure.lookup import host_named
from streams.host_blocks import blocks_on
from streams.models import Account, Callback, CallbackState, Stream

MAY_SEE, MAY_SEE_CALLBACKS = "cdr.view_streamdetail", "streams.view_callback"
NARROWED_BY = ("q", "account", "kind")
KINDS = {"services": "Services", "callbacks": "Status callbacks"}
MOST_NAMED = 20
SHOWN_OF_BOTH, SHOWN_OF_ONE = 20, 40
BLOCKED_WORDS = "This host is blocked, so that its callbacks wait: unblock it, and they go out."


@admin.register(HostDetail, site=console)
class HostAdmin(BlocksHosts, Asking, RecordAdmin):
    named_by = "uuid"

    def has_view_permission(self, request: HttpRequest, obj: HostDetail | None = None) -> bool:
        return request.user.has_perm(MAY_SEE)

    def changelist_view(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:
        """Of services and of what takes status callbacks those that fail most, bounded in number."""
        self.require_view_permission(request)
        sought, problems = _sought(request)
        kinds = [kind for kind in KINDS if request.GET.get("kind", "") in ("", kind) and self._may_see(request, kind)]
        most, now = SHOWN_OF_BOTH if len(kinds) > 1 else SHOWN_OF_ONE, timezone.now()
        readers = {"services": service_lines, "callbacks": endpoint_lines}
        known = None if problems else Known(sought, now, kinds)
        tables = [(kind, KINDS[kind], self._seen(request, readers[kind](known, most))) for kind in kinds if known]
        shown = {"tables": tables, "problems": problems, "as_of": moment(now), "sought": sought, "most": most, "kinds": KINDS}
        shown |= {"kind": request.GET.get("kind", ""), "q": request.GET.get("q", ""), "narrowed": any(request.GET.values())}
        context = self.page_context(request, "Hosts", **shown)
        return TemplateResponse(request, "admin/cdr/hosts.html", context, status=400 if problems else 200)

    def _may_see(self, request: HttpRequest, kind: str) -> bool:
        return kind == "services" or request.user.has_perm(MAY_SEE_CALLBACKS)

    def _seen(self, request: HttpRequest, lines: HostTable) -> HostTable:
        """Each line with its last error as this reader may see it."""
        whole, secrets = self.may_see_numbers(request), self.may_see_secrets(request)
        return HostTable([as_seen(row, whole_numbers=whole, secrets=secrets) for row in lines.rows], lines.more, lines.since)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        """Of a stream's uuid or number the page of its host."""
        self.require_view_permission(request)
        stream = found(only_one(Stream.objects.select_related("account").order_by(), object_id), "stream")
        if not stream.service_host:
            raise Http404("The service URL of this stream names no host.")
        return HttpResponseRedirect(host_address(stream.account.auth_id, stream.service_host))

    def host_view(self, request: HttpRequest, auth_id: str, host: str) -> HttpResponse:
        self.require_view_permission(request)
        rows = found(find_host(auth_id, host), "account")
        if host != rows.host:
            return HttpResponseRedirect(host_address(auth_id, rows.host))
        page = self.shown(request, host_page(rows, timezone.now()), "host: nothing of this account ever went to it")
        context = self.page_context(request, f"Host {page.host}", page=page, doors=self.doors(Where.RECORD, request, page))
        context["may_see_callbacks"] = self._may_see(request, "callbacks")
        context["may_see_accounts"] = request.user.has_perm("streams.view_account")
        return TemplateResponse(request, "admin/cdr/host.html", context)

    # What waits for it -------------------------------------------------------------------------------------------------
    def try_now_view(self, request: HttpRequest, auth_id: str, host: str) -> HttpResponse:
        """GET asks, POST does. Only for those with the permission to resend callbacks."""
        rows = found(find_host(auth_id, host), "account")
        return self.act_view(request, MAY_RESEND, lambda: self._ask_to_try(request, rows), lambda: self._try_now(request, rows))

    def _ask_to_try(self, request: HttpRequest, rows: HostRows) -> HttpResponse:
        return self.asked(request, try_now_question(rows, _untaken(rows)), crumb=rows.host)

    def _try_now(self, request: HttpRequest, rows: HostRows) -> HttpResponse:
        done, late = acts.to_each(acts.resend, _untaken(rows), visitor(request))
        left = f" {late} cannot be: retention removed a part of each." if late else ""
        messages.success(request, f"{counted(done, 'callback')} to {rows.host} will be tried within seconds.{left}")
        return HttpResponseRedirect(host_address(rows.account.auth_id, rows.host))

    def _doors(self, request: HttpRequest, page: HostPage) -> Iterator[Door]:
        if page.latest and request.user.has_perm(MAY_TEST):
            yield Door("Test its service URL…", ask_address(stream=page.latest))
        if page.endpoints and request.user.has_perms([MAY_RESEND, MAY_SEE_CALLBACKS]):
            yield Door("Try its callbacks now…", self.own_url("try_now", page.auth_id, page.host))

    adds = Additions(
        pages=(
            OwnPage("of", "of/<str:auth_id>/<path:host>/", host_view),
            OwnPage("try_now", "try-now/<str:auth_id>/<path:host>/", try_now_view),
        ),
        doors={Where.RECORD: _doors},
    )


def host_address(auth_id: str, host: str) -> str:
    return reverse("admin:cdr_hostdetail_of", args=[auth_id, host])


def _sought(request: HttpRequest) -> tuple[HostsSought, list[str]]:
    """Which hosts the address asks for, and what of it is not understood."""
    problems = name_problems(request.GET, NARROWED_BY, NARROWED_BY)
    text, auth_id, kind = (request.GET.get(name, "").replace("\x00", "").strip() for name in NARROWED_BY)
    account = Account.objects.filter(auth_id=auth_id).first() if auth_id else None
    if auth_id and account is None:
        problems.append(f"{quoted(auth_id)} is no auth ID of an account.")
    if kind and kind not in KINDS:
        problems.append(f"{quoted(kind)} is no kind of host that this list knows. Known are: {', '.join(KINDS)}.")
    named = Account.objects.filter(name__istartswith=text).order_by("name").values_list("pk", flat=True)[:MOST_NAMED] if text else ()
    return HostsSought(account, host_named(text).name if text else "", tuple(named)), problems


def _untaken(rows: HostRows) -> list[Callback]:
    """The oldest first: those that wait, and those that were given up within a day."""
    waiting = rows.callbacks.filter(state__in=(CallbackState.PENDING, CallbackState.GIVEN_UP)).order_by("created_at", "pk")
    day_ago = timezone.now() - timedelta(days=1)
    return list(waiting.filter(created_at__gte=day_ago).select_related("stream")[:MOST_AT_ONCE])


def try_now_question(rows: HostRows, callbacks: list[Callback]) -> Question:
    given_up = sum(callback.state == CallbackState.GIVEN_UP for callback in callbacks)
    many = counted(len(callbacks), "callback")
    more = f" There may be more: at most {MOST_AT_ONCE} are sent at once, the oldest first." if len(callbacks) == MOST_AT_ONCE else ""
    return Question(
        title=f"Try {many} to {rows.host} now?",
        consequences=(
            f"Those of the last 24 hours that it has not taken: {len(callbacks) - given_up} wait for their next try, {given_up} were given "
            f"up.{more}",
            "Each goes out within seconds, with the same parameters and the same message id; its tries so far stay listed.",
        ),
        refusal=BLOCKED_WORDS
        if blocks_on(rows.account, rows.host)
        else ""
        if callbacks
        else "No callback of the last 24 hours waits for this host, and none was given up.",
        button="Try them now",
        back=host_address(rows.account.auth_id, rows.host),
        bad=False,
        subjects=tuple(f"{callback.event}  {callback.message_id}  ({callback.get_state_display()})" for callback in callbacks),
    )
