"""A link to one stream's debug log for somebody without a login: the pages that ask for it, show it once and revoke it, and its place on
the stream's page.

Owns the form and the words around it. Which links work, and what they show, is cdr.log_links'."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.sent_before import MarkedForm
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.log_links import MAY_SHARE, LinkTerms, NotShared, make_link, revoke_link
from cdr.models import LogLink
from cdr.pages.log.links import LinkLine, link_lines, shows_words
from cdr.pages.log.subject import LogSubject
from cdr.pages.stream import find_stream
from cdr.pages.stream_card import StreamCard
from cdr.pure.figures import counted, moment
from streams.database_clock import database_now
from streams.models import Stream
from streams.pure.foreign_text import cleaned

LASTS = (("1", "1 hour"), ("4", "4 hours"), ("24", "1 day"), ("72", "3 days"), ("168", "7 days"), ("720", "30 days"))
"""Hours, as an address and a person say them."""
LONGEST_NAME = 100


class LinkForm(MarkedForm):
    """`numbers` is for those who see them whole."""

    lasts = forms.ChoiceField(label="It works for", choices=LASTS, initial="24")
    made_for = forms.CharField(
        label="For whom",
        max_length=LONGEST_NAME,
        required=False,
        help_text="Such as a ticket's number. Stands in the list of links, for everybody who sees the stream.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    details = forms.BooleanField(
        label="With payloads", required=False, help_text="Digits, messages, parameters and answers of callbacks, and URLs beyond the host."
    )
    numbers = forms.BooleanField(label="With whole phone numbers", required=False)

    def __init__(self, may_see_numbers: bool, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what POST is
        if not may_see_numbers:
            del self.fields["numbers"]

    def clean_made_for(self) -> str:
        return cleaned(self.cleaned_data["made_for"], LONGEST_NAME)

    @property
    def terms(self) -> LinkTerms:
        said = self.cleaned_data
        return LinkTerms(timedelta(hours=int(said["lasts"])), said["made_for"], said.get("numbers", False), said["details"])


class LinksShown(NamedTuple):
    """On a stream's page. `new`: where another one is made, "" for who may not."""

    lines: list[tuple[LinkLine, str]]
    new: str


class SharesLogs(Asking, RecordAdmin):
    """Streams, whose debug logs can be shown to others by links."""

    def share_log_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks for how long and what it shows, POST makes the link. Only for those with the permission to share debug logs."""
        stream = find_stream(key)
        form = LinkForm(self.may_see_numbers(request), request.POST if request.method == "POST" else None)
        return self.act_view(
            request,
            MAY_SHARE,
            lambda: self._ask_for_link(request, found(stream, "stream"), form),
            lambda: self._make_link(request, found(stream, "stream"), form),
        )

    def _ask_for_link(self, request: HttpRequest, stream: Stream, form: LinkForm) -> HttpResponse:
        return self.asked(request, link_question(stream, form), crumb=str(stream.uuid))

    def _make_link(self, request: HttpRequest, stream: Stream, form: LinkForm) -> HttpResponse:
        """The link on a page that is shown to nobody else: a reload of it shows the same one."""
        if not form.is_valid():
            return self._ask_for_link(request, stream, form)
        terms = form.terms
        try:
            made = make_link(stream, terms, request.user, visitor(request), form.cleaned_data["mark"])
        except NotShared as error:
            form.add_error("lasts", str(error))
            return self._ask_for_link(request, stream, form)
        shown = {
            "link": f"{_origin(request)}/shared/{made}/",
            "shows": shows_words(whole_numbers=terms.whole_numbers, with_details=terms.with_details),
            "lasts": dict(LASTS)[form.cleaned_data["lasts"]],
            "stream": stream,
            "back": _page_of(stream),
        }
        page = TemplateResponse(request, "admin/cdr/log_link.html", self.page_context(request, "The link to this debug log", **shown))
        page["Cache-Control"] = "no-store"
        return page

    def revoke_link_view(self, request: HttpRequest, key: str, link: int) -> HttpResponse:
        """Whoever made it: everybody who may share debug logs may end a link to one."""
        stream = find_stream(key)
        row = LogLink.objects.filter(pk=link, stream=stream).select_related("stream").first() if stream else None
        return self.act_view(
            request,
            MAY_SHARE,
            lambda: self.asked(request, revoke_link_question(found(row, "link")), crumb=str(found(row, "link").stream.uuid)),
            lambda: self._revoke_link(request, found(row, "link")),
        )

    def _revoke_link(self, request: HttpRequest, link: LogLink) -> HttpResponse:
        if revoke_link(link, visitor(request)):
            messages.success(request, "The link leads nowhere any more; where its log was open, it is closed within 5 s.")
        else:
            messages.warning(request, "Nothing was done: the link had ended already.")
        return HttpResponseRedirect(_page_of(link.stream))

    def links_shown(self, request: HttpRequest, stream: StreamCard) -> LinksShown:
        may_share = request.user.has_perm(MAY_SHARE)
        lines = link_lines(stream.uuid, database_now())
        revoking = [self.own_url("revoke_link", stream.key, line.pk) if may_share and line.works else "" for line in lines]
        return LinksShown(list(zip(lines, revoking, strict=True)), self.own_url("share_log", stream.key) if may_share else "")

    def _door_from_log(self, request: HttpRequest, log: LogSubject) -> Iterator[Door]:
        if request.user.has_perm(MAY_SHARE):
            yield Door("Share it…", self.own_url("share_log", log.key))

    adds = Additions(
        pages=(
            OwnPage("share_log", "<slug:key>/share-log/", share_log_view),
            OwnPage("revoke_link", "<slug:key>/revoke-link/<int:link>/", revoke_link_view),
        ),
        doors={Where.LOG: _door_from_log},
    )


def link_question(stream: Stream, form: LinkForm) -> Question:
    return Question(
        title="Share the debug log of this stream?",
        consequences=(
            f"Whoever has the link reads the debug log of stream {stream.uuid} of {stream.account.name} without signing in: this log and "
            "nothing else, also what is still to come. Secrets of URLs and values of extra headers are hidden.",
            "It is shown to you once, on the next page. It can be revoked at any time, and ends by itself when you may not share "
            "debug logs any more.",
        ),
        button="Make the link",
        back=_page_of(stream),
        bad=False,
        form=form,
    )


def revoke_link_question(link: LogLink) -> Question:
    opened = f"It was opened {counted(link.opened, 'time')}." if link.opened else "Nobody has opened it."
    made_for = f" for {link.made_for}" if link.made_for else ""
    return Question(
        title=f"Revoke the link that {link.made_by} made{made_for}?",
        consequences=(
            f"Made at {moment(link.created_at)} UTC, it works until {moment(link.expires_at)} UTC. {opened}",
            "From now on it leads nowhere, and cannot be made to work again. Other links to this log go on working.",
        ),
        refusal="This link has ended already." if link.revoked_at or link.expires_at <= database_now() else "",
        button="Revoke the link",
        back=_page_of(link.stream),
    )


def _page_of(stream: Stream) -> str:
    return reverse("admin:cdr_streamdetail_change", args=[stream.uuid])


def _origin(request: HttpRequest) -> str:
    origin: str = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    return origin
