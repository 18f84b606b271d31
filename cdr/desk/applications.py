"""The desk's applications: which there are, how each answers, and its change by a manager.

Owns the addresses and the form without the account. What an application may be is cdr.admin.tenants' form."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import urlencode

from cdr import audit
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.audited import changes
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import found
from cdr.admin.tenants import ApplicationForm
from cdr.desk.records import DeskRecords, desk_actor, name_of_row, row_named, scope_here
from cdr.desk.site import desk
from cdr.desk.url_tests import door_to_test
from cdr.pure.acts import Act
from streams.models import Application
from streams.pure.foreign_text import cleaned
from streams.pure.scrubbing import scrubbed, scrubbed_document

SHOWN_XML = 10_000


class OwnApplicationForm(ApplicationForm):
    """Of an application that stays where it is."""

    class Meta(ApplicationForm.Meta):
        fields = ("name", "answer_url", "answer_method", "answer_xml", "conversation_callbacks")  # type: ignore[assignment]  # one fewer

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if self.instance.account.applications.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError("The account has another application of this name.")
        return name


@admin.register(Application, site=desk)
class DeskApplications(DeskRecords, Asking):
    address = "applications"
    ACTS = frozenset({"edit"})

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if refusal := self.not_understood(request, "Applications"):
            return refusal
        scope = scope_here(request)
        rows = scope.rows(Application).select_related("account").order_by("account__name", "name")
        lines = [(row, self.own_url("change", name_of_row(row)), scrubbed(row.answer_url)) for row in rows]
        context = self.page_context(request, "Applications", lines=lines, has_several=scope.has_several)
        return TemplateResponse(request, "desk/applications.html", context)

    def _find(self, request: HttpRequest, name: str) -> Application:
        return found(row_named(scope_here(request).rows(Application).select_related("account"), name), "application")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        row = self._find(request, object_id)
        calls = f"{self.site_url('cdr_calldetail_changelist')}?{urlencode({'account': row.account.auth_id, 'application': row.name})}"
        xml = cleaned(scrubbed_document(row.answer_xml)[:SHOWN_XML], SHOWN_XML)
        shown = {
            "url": scrubbed(row.answer_url),
            "xml": xml,
            "doors": self.doors(Where.RECORD, request, row),
        }
        context = self.page_context(request, f"Application {row.name}", row=row, calls=calls, **shown)
        return TemplateResponse(request, "desk/application.html", context)

    def edit_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """GET shows the form, POST saves it. Only for managers of its account, who see its URL and XML whole in it."""
        row = self._find(request, name)
        return self.acted(
            request,
            row.account_id,
            lambda: self._ask(request, row, OwnApplicationForm(instance=row)),
            lambda: self._save(request, row, OwnApplicationForm(request.POST, instance=row)),
        )

    def _ask(self, request: HttpRequest, row: Application, form: OwnApplicationForm) -> HttpResponse:
        question = Question(
            title=f"Change the application {form.initial.get('name', '')}",
            consequences=("Calls that come in from now on are answered so; those that are live go on as they are.",),
            button="Save",
            back=self.own_url("change", name_of_row(row)),
            leave="Leave it as it is",
            bad=False,
            form=form,
        )
        return self.asked(request, question, crumb=form.initial.get("name", ""))

    def _save(self, request: HttpRequest, row: Application, form: OwnApplicationForm) -> HttpResponse:
        if not form.is_valid():
            return self._ask(request, row, form)
        if changed := changes(form):
            with transaction.atomic():
                form.save()
                audit.write(desk_actor(request), Act.CHANGE, row, **changed)
            messages.success(request, "Saved.")
        return HttpResponseRedirect(self.own_url("change", name_of_row(row)))

    def _edit_door(self, request: HttpRequest, row: Application) -> Iterator[Door]:
        if scope_here(request).manages(row.account_id):
            yield Door("Edit", self.own_url("edit", name_of_row(row)))
            yield door_to_test(self, row.account, application=name_of_row(row))

    adds = Additions(pages=(OwnPage("edit", "<slug:name>/edit/", edit_view),), doors={Where.RECORD: _edit_door})
