"""Failed sign-ins of the last minutes: with which name, from where, whether that is locked, and the lifting of a lock.

Owns the columns and the question. The counting is cdr.sign_in.locks'."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr import audit
from cdr.admin.additions import Additions
from cdr.admin.entry.signing_in import NOBODY
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.markup import badge_html
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.site import console
from cdr.models import FailedSignIn
from cdr.pure.acts import Act
from cdr.pure.badges import Badge
from cdr.pure.figures import counted, moment
from cdr.pure.sign_in import MOST_OF_A_NAME, MOST_OF_AN_ADDRESS
from cdr.sign_in import locks
from streams.pure.peer_address import counted_words

MAY_LIFT = "cdr.lift_lock"


@admin.register(FailedSignIn, site=console)
class FailedSignInAdmin(Asking, RecordAdmin):
    list_display = ("last_failure", "name", "from_address", "failed", "from_address_in_all", "state")
    list_display_links = None
    fields = ("last_failure", "name", "from_address", "failed")
    readonly_fields = fields
    search_help_text = "Name or address"
    search_fields = ("username", "ip_address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedSignIn]:
        """Only what counts, each row with the sum of its address, and whether somebody has the name."""
        from_address = locks.recent().filter(ip_address=OuterRef("ip_address")).order_by().values("ip_address")
        of_address = Coalesce(Subquery(from_address.annotate(sum=Sum("failures_since_start")).values("sum")), F("failures_since_start"))
        known = Exists(User.objects.filter(username=OuterRef("username")))
        rows: QuerySet[FailedSignIn] = locks.recent().annotate(of_address=of_address, known=known)
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FailedSignIn], search_term: str
    ) -> tuple[QuerySet[FailedSignIn], bool]:
        """By what the list shows: a name that nobody has may be a password, so it is not searched."""
        text = search_term.replace("\x00", "").strip()
        shown = Q(known=True, username__icontains=text) | Q(ip_address__startswith=text)
        return (queryset.filter(shown) if text else queryset), False

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_LIFT)

    @admin.action(description="Lift the selected locks…", permissions=["lift"])
    def lift_selected(self, request: HttpRequest, queryset: QuerySet[FailedSignIn]) -> HttpResponse | None:
        def act(rows: list[FailedSignIn]) -> None:
            lift(rows, request)
            messages.success(request, f"{counted(len(rows), 'row')} forgotten: whoever was locked by them may try again at once.")

        return self.asked_of_many(request, queryset, question, act)

    adds = Additions(actions=("lift_selected",))

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Last failure (UTC)")
    def last_failure(self, row: FailedSignIn) -> str:
        return moment(row.attempt_time)

    @admin.display(description="With the name")
    def name(self, row: FailedSignIn) -> str:
        return name_of(row)

    @admin.display(description="From address")
    def from_address(self, row: FailedSignIn) -> str:
        return counted_words(row.ip_address)

    @admin.display(description="Failures")
    def failed(self, row: FailedSignIn) -> str:
        return f"{row.failures_since_start} of {MOST_OF_A_NAME}"

    @admin.display(description="From this address in all")
    def from_address_in_all(self, row: FailedSignIn) -> str:
        return f"{row.of_address} of {MOST_OF_AN_ADDRESS}"

    @admin.display(description="State")
    def state(self, row: FailedSignIn) -> SafeString:
        counts = locks.Failures(row.failures_since_start, row.of_address, row.attempt_time)
        if not counts.locked:
            return badge_html(Badge("", "open", "plain"))
        return badge_html(Badge("✕", f"locked until {counts.until:%H:%M}", "bad"))


def name_of(row: FailedSignIn) -> str:
    return str(row.username) if row.known else NOBODY


def lift(rows: list[FailedSignIn], request: HttpRequest) -> None:
    with transaction.atomic():
        for row in rows:
            audit.write(visitor(request), Act.LIFT_LOCK, User(username=name_of(row)), address=counted_words(row.ip_address))
        FailedSignIn.objects.filter(pk__in=[row.pk for row in rows]).delete()


def question(rows: list[FailedSignIn]) -> Question:
    return Question(
        title="Lift the lock?" if len(rows) == 1 else f"Lift {counted(len(rows), 'lock')}?",
        consequences=(
            "These failures are forgotten: with these names, from these addresses, sign-ins may be tried again at once. "
            "Do this when you know who it was.",
        ),
        button="Lift it" if len(rows) == 1 else "Lift them",
        back=reverse("admin:cdr_failedsignin_changelist"),
        bad=False,
        subjects=tuple(f"{name_of(row)} from {counted_words(row.ip_address)}, last at {moment(row.attempt_time)}" for row in rows),
    )
