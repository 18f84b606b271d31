"""A form whose answer is shown once: a reload of that page sends the form again, as a double click does. A mark in the form tells.

Owns the mark, and which of them a session has seen carried out. What is done about a form that was sent before is for its page."""

import secrets

from django import forms
from django.http import HttpRequest

MARK, SENT = "mark", "forms_sent"
MARKS_KEPT = 20


def new_mark() -> str:
    return secrets.token_urlsafe(12)


class MarkedForm(forms.Form):
    mark = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput, initial=new_mark)


def was_sent(request: HttpRequest) -> bool:
    """One without a mark is a new one."""
    return request.POST.get(MARK) in request.session.get(SENT, [])


def note_sent(request: HttpRequest) -> None:
    """It was carried out."""
    if mark := request.POST.get(MARK, "")[:40]:
        request.session[SENT] = [*request.session.get(SENT, []), mark][-MARKS_KEPT:]
