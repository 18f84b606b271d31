"""What is asked before digits are sent to a live call: which ones.

Owns the form and the words around it. How digits reach a call is streams.control's, which there are streams.pure.audio.dtmf's."""

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from cdr.admin.lists.questions import Question
from cdr.pages.call import CallPage
from streams.pure.audio.dtmf import checked_digits

MAY_SEND_DIGITS = "cdr.send_digits"


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


def digits_question(call: CallPage, form: DigitsForm) -> Question:
    return Question(
        title="Send digits to this call?",
        consequences=(
            f"The call of {call.from_number} to {call.to_number} hears them as tones, after what is being played to it already.",
            "The audit log says that you sent digits and how many, not which. The debug log shows them, like those that are pressed.",
        ),
        refusal="" if call.live else "This call has ended already; nobody would hear them.",
        button="Send the digits",
        back=reverse("admin:cdr_calldetail_change", args=[call.uuid]),
        bad=False,
        form=form,
    )
