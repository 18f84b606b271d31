"""What is done to all that match a list, however many pages that are: the page that says first what it would be, and the asking for it.

Owns the question and the way from an address to rows. What is done to them, and how far it is, is cdr.list_acts'."""

import secrets
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.core import signing
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from cdr import list_acts
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import LONGEST_QUERY, RecordAdmin, RecordList
from cdr.admin.lists.totals import at_most, ran_out
from cdr.list_act_rows import ListActKind
from cdr.list_acts import MOST_ROWS, ActPlan, Confirmed, NothingLeft, TooManyRows
from cdr.pure import list_act_words

SALT = "streamdesk.act-on-all"
ANSWERED_WITHIN_SECONDS = 3600
COUNTED_WITHIN_MS = 5000
TOO_SLOW = "It would take too long to count what matches. Narrow the list, by account or by period."
NOTHING_NARROWS = "Nothing narrows this list, and it is not done to everything there is. Set a filter or a search first."
CHANGED = "Nothing was done: more match now than you were told. Look again."
EXPIRED = "Nothing was done: the question is more than an hour old, or was not asked of you. Look again."


class ActsOnAll(Asking, RecordAdmin):
    """`act_on_all`: what is done to all that match, by the query of the list's address."""

    def act_on_all(self, asked: QueryDict) -> ListActKind:
        raise NotImplementedError

    def rows_meant(self, request: HttpRequest, listed: RecordList) -> QuerySet[Any]:
        rows: QuerySet[Any] = listed.queryset
        return rows

    def all_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks about the list that the address carries, POST does. With the permission of the same act on one row."""
        permission = list_acts.permission_of(self.act_on_all(request.GET))
        return self.act_view(request, permission, lambda: self._ask_about_all(request), lambda: self._act_on_all(request))

    def _ask_about_all(self, request: HttpRequest) -> HttpResponse:
        query = self.selection_of(request.GET.urlencode())
        kind, back = self.act_on_all(QueryDict(query)), f"{self.own_url('changelist')}?{query}"
        planned = self._planned(request, query, kind)
        if isinstance(planned, str):
            refused = Question(list_act_words.button(kind), (), "", back, refusal=planned)
            answer = self.asked(request, refused, crumb="The list")
            answer.status_code = 400
            return answer
        said = [int(request.user.pk or 0), self.section, kind.value, query, planned.newest_key, planned.rows, secrets.token_hex(16)]
        return self.asked(
            request, question_about_all(kind, planned, back), crumb="The list", hidden=[("said", signing.dumps(said, salt=SALT))]
        )

    def _planned(self, request: HttpRequest, query: str, kind: ListActKind) -> ActPlan | str:
        """Or why it is not done, in a sentence."""
        if not query or len(query) > LONGEST_QUERY:
            return NOTHING_NARROWS if not query else "The address of this list is too long. Use fewer filters."
        then, listed = self.listed_at(request, query)
        if listed.problems:
            return f"Nothing is done while something in the address is not understood. {' '.join(listed.problems)}"
        try:
            with at_most(COUNTED_WITHIN_MS):
                planned = list_acts.plan(kind, self.rows_meant(then, cast(RecordList, listed)))
        except OperationalError as error:
            if not ran_out(error):
                raise
            return TOO_SLOW
        if planned.rows > MOST_ROWS:
            return f"More than {MOST_ROWS:,} match, and at most so many are done at once. Narrow the list, by account or by period."
        return planned if planned.rows else f"There is nothing to do. {list_act_words.left_out(planned.left_out)}".strip()

    def _act_on_all(self, request: HttpRequest) -> HttpResponse:
        try:
            said = signing.loads(request.POST.get("said", ""), salt=SALT, max_age=ANSWERED_WITHIN_SECONDS)
        except signing.BadSignature:
            said = [None, None]
        if said[:2] != [request.user.pk, self.section]:
            messages.error(request, EXPIRED)
            return HttpResponseRedirect(self.own_url("changelist"))
        kind, query, newest_key, rows, name = said[2:]
        confirmed = Confirmed(ListActKind(kind), self.section, query, newest_key, rows, name)
        then, listed = self.listed_at(request, query)
        try:
            job = list_acts.begin_confirmed(
                visitor(request), int(request.user.pk or 0), confirmed, self.rows_meant(then, cast(RecordList, listed))
            )
        except (TooManyRows, NothingLeft) as why:
            messages.warning(request, CHANGED if isinstance(why, TooManyRows) else "Nothing was done: by now there is nothing to do.")
            return HttpResponseRedirect(f"{self.own_url('all')}?{query}" if isinstance(why, TooManyRows) else self.own_url("changelist"))
        return HttpResponseRedirect(reverse("admin:cdr_listact_change", args=[job.pk]))

    def _door_to_all(self, request: HttpRequest, listed: RecordList) -> Iterator[Door]:
        kind = self.act_on_all(QueryDict(listed.selection))
        if listed.result_count and request.user.has_perm(list_acts.permission_of(kind)):
            yield Door(list_act_words.door_to_all(kind), f"{self.own_url('all')}?{listed.selection}")

    adds = Additions(pages=(OwnPage("all", "all/", all_view),), doors={Where.NARROWED: _door_to_all})


def question_about_all(kind: ListActKind, planned: ActPlan, back: str) -> Question:
    return Question(
        title=list_act_words.title(kind, planned.rows),
        consequences=(
            list_act_words.what_is_meant(kind, planned.rows, planned.accounts, planned.oldest, planned.newest),
            *list_act_words.consequences(kind),
            *filter(None, [list_act_words.left_out(planned.left_out)]),
        ),
        warning=list_act_words.warned(kind),
        button=list_act_words.button(kind, planned.rows),
        back=back,
        bad=kind == ListActKind.STOP,
    )
