"""Digits that an operator sends to a live call: the page that asks which, and the door to it.

Owns the form and the words around it. How digits reach a call is streams.control's, which there are streams.pure.audio.dtmf_digits'."""

from collections.abc import Iterator

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from cdr.admin import acts
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, found
from cdr.pages.call import CallPage, call_page, find_call
from cdr.pure.acts import PERMISSIONS, Act
from streams import control
from streams.pure.audio.dtmf_digits import checked_digits

MAY_SEND_DIGITS = PERMISSIONS[Act.SEND_DIGITS].name


class DigitsForm(forms.Form):
    digits = forms.CharField(
        label="Digits",
        help_text="0-9, *, #, A-D; w pauses for half a second, W for a second.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "autofocus": True}),
    )

    def clean_digits(self) -> str:
        try:
            return checked_digits(self.cleaned_data["digits"])
        except ValueError as error:
            raise ValidationError(str(error)) from error


class SendsDigits(Asking, RecordAdmin):
    """Calls, which hear digits while they are live."""

    def send_digits_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks which, POST sends them. Only for those with the permission to send digits."""
        return self.act_view(
            request,
            MAY_SEND_DIGITS,
            lambda: self._ask_for_digits(request, key, DigitsForm()),
            lambda: self._send_digits(request, key, DigitsForm(request.POST)),
        )

    def _ask_for_digits(self, request: HttpRequest, key: str, form: DigitsForm) -> HttpResponse:
        call = self.shown(request, call_page(key, timezone.now()), "call")
        return self.asked(request, digits_question(call, form), crumb=str(call.uuid))

    def _send_digits(self, request: HttpRequest, key: str, form: DigitsForm) -> HttpResponse:
        call = found(find_call(key), "call")
        if not form.is_valid():
            return self._ask_for_digits(request, key, form)
        try:
            acts.send_digits(call, form.cleaned_data["digits"], visitor(request))
            messages.success(request, "The digits were handed to the call. The debug log says when they were sent.")
        except control.NotLive as error:
            messages.warning(request, f"{error} Nothing was done.")
        return HttpResponseRedirect(self.own_url("change", key))

    def _door_to_digits(self, request: HttpRequest, call: CallPage) -> Iterator[Door]:
        if call.live and request.user.has_perm(MAY_SEND_DIGITS):
            yield Door("Send digits…", self.own_url("send_digits", call.key))

    adds = Additions(pages=(OwnPage("send_digits", "<slug:key>/send-digits/", send_digits_view),), doors={Where.RECORD: _door_to_digits})


def digits_question(call: CallPage, form: DigitsForm) -> Question:
    return Question(
        title="Send digits to this call?",
        consequences=(
            f"The call of {call.from_number} to {call.to_number} hears them as tones, after what is being played to it already.",
            "The audit log says that you sent digits and how many, not which. The debug log shows them, like those that are pressed.",
        ),
        refusal="" if call.live else "This call has ended already; nobody would hear them.",
        button="Send the digits",
        back=reverse("admin:cdr_calldetail_change", args=[call.key]),
        bad=False,
        form=form,
    )
