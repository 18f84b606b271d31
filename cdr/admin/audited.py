"""An admin whose every addition, change and deletion is written into the audit log, with old and new values.

Owns the reading of a form's changes. Must not know which models there are; secrets are named and never written."""

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.db.models import Manager, Model, QuerySet
from django.forms import BaseForm, BaseFormSet, Field, Form, ModelChoiceField, ModelMultipleChoiceField
from django.http import HttpRequest

from cdr import audit
from cdr.admin.additions import PageAdmin
from cdr.admin.entry.visitor import visitor
from cdr.pure.acts import HIDDEN, Act, is_secret
from cdr.pure.secret_text import as_audited

Values = dict[str, list[str]]
Message = list[dict[str, dict[str, list[str]]]]
"""What Django writes down of a form's changes: {"changed": {"fields": [...]}} and the like."""


class Audited(PageAdmin):
    def construct_change_message(
        self, request: HttpRequest, form: Form, formsets: "Iterable[BaseFormSet[BaseForm]]", add: bool = False
    ) -> Message:
        """Django's message, and a part of ours beside it that Django's own history passes over."""
        message = super().construct_change_message(request, form, formsets, add)
        return [*message, {"values": changes(form)}]

    def log_addition(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        audit.write(visitor(request), Act.ADD, obj, **_values_in(message))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        if values := _values_in(message):
            audit.write(visitor(request), Act.CHANGE, obj, **values)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Model]) -> list[LogEntry]:
        for obj in queryset:
            audit.write(visitor(request), Act.DELETE, obj)
        return super().log_deletions(request, queryset)


def changes(form: BaseForm) -> Values:
    """{field: [old, new]} of what a valid form changes."""
    return {name: _old_and_new(form, name) for name, field in form.fields.items() if _changed(form, field, name)}


def _changed(form: BaseForm, field: Field, name: str) -> bool:
    """Against the row. Django's changed_data believes a hidden field that the browser sends beside a field with a default."""
    return field.has_changed(form.get_initial_for_field(field, name), form[name].data)


def _old_and_new(form: BaseForm, name: str) -> list[str]:
    if is_secret(name):
        return ["", HIDDEN]
    values = (_initial(form, form.fields[name], name), form.cleaned_data.get(name))
    return [as_audited(name, _printed(value)) for value in values]


def _initial(form: BaseForm, field: Field, name: str) -> object:
    """What the row holds; of a choice among rows the row itself, not its key."""
    value = form.get_initial_for_field(field, name)
    if isinstance(field, ModelMultipleChoiceField) or not isinstance(field, ModelChoiceField) or value is None:
        return value
    return field.queryset.filter(pk=value).first() if field.queryset is not None else value


def _printed(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Manager | QuerySet | list | tuple | set):
        rows: Iterable[object] = value.all() if isinstance(value, Manager | QuerySet) else value
        return ", ".join(sorted(str(row) for row in rows))
    return str(value)


def _values_in(message: object) -> Values:
    """What `construct_change_message` put beside Django's own; a message that came another way has none."""
    parts = message if isinstance(message, list) else []
    return next((part["values"] for part in parts if "values" in part), {})
