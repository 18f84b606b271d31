"""A new word that a column may hold needs no migration: the field names a function, and so does the migration. And whoever goes on with the
code of the version before, while and after `migrate` runs, can still write."""

from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import operations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field
from django.utils.choices import CallableChoiceIterator

import cdr.models
import streams.models.choices
from tests.upgrading import StepByStep

SETTLED = {"Call.direction", "Application.answer_method", "Account.callback_style"}
"""Columns with two words, which will stay two."""


def with_choices() -> "Iterator[Field[Any, Any]]":
    for app in ("streams", "cdr"):
        for model in apps.get_app_config(app).get_models():
            yield from (field for field in model._meta.local_fields if field.choices)


enum: Any = partial(StrEnum, "longer")


def missing_migrations() -> dict[str, Any]:
    """What `makemigrations` would write."""
    loader = MigrationLoader(None)
    return MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(graph=loader.graph)


def test_every_list_that_may_grow_is_named_by_a_function():
    literal = {f"{field.model.__name__}.{field.name}" for field in with_choices() if not isinstance(field.choices, CallableChoiceIterator)}
    assert literal == SETTLED


@pytest.mark.parametrize(
    ("module", "words", "column"),
    [
        (streams.models.choices, "EventKind", "streams.StreamEvent.kind"),
        (streams.models.choices, "HangupReason", "streams.Stream.hangup_reason"),
        (streams.models.choices, "CallbackEvent", "streams.Callback.event"),
        (streams.models.choices, "Reason", "streams.GatewayRefusal.reason"),
        (cdr.models, "Act", "cdr.AuditEntry.act"),
    ],
)
def test_one_more_word_needs_no_migration(module: ModuleType, words: str, column: str, monkeypatch: pytest.MonkeyPatch):
    longer = enum([*((word.name, word.value) for word in getattr(module, words)), ("NEW", "a_new_word")])
    monkeypatch.setattr(module, words, longer)
    model, _, name = column.rpartition(".")
    assert ("a_new_word", "a new word") in list(apps.get_model(model)._meta.get_field(name).choices)
    assert missing_migrations() == {}


def test_a_word_that_is_too_long_for_its_column_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cdr.models, "Act", enum([("NEW", "x" * 21)]))
    assert [error.id for error in apps.get_model("cdr.AuditEntry")._meta.get_field("act").check()] == ["fields.E009"]


def test_a_list_that_is_written_out_would_need_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(apps.get_model("cdr.AuditEntry")._meta.get_field("act"), "choices", [("add", "add")])
    assert list(missing_migrations()) == ["cdr"]


def test_tables_that_are_made_at_once_are_those_that_were_made_step_by_step():
    at_once, step_by_step = MigrationLoader(None), StepByStep(None)
    assert len(at_once.graph.nodes) < len(step_by_step.graph.nodes)
    states = at_once.project_state(), step_by_step.project_state()
    for before, after in (states, states[::-1]):
        assert MigrationAutodetector(before, after).changes(graph=step_by_step.graph) == {}


# An upgrade that is rolled (docs/operation.md, Upgrading) --------------------------------------------------------------------
BEFORE_ROLLING = {"streams": 33, "cdr": 28}
"""The last migrations of the version with which rolling begins: to come to that one, everything is stopped first."""
HARMLESS = (
    operations.CreateModel,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.RunPython,
    operations.RunSQL,
)
"""What an insert, an update and a query of the version before do not notice. Python and SQL are for their author to think about."""
THOUGHT_ABOUT: dict[str, str] = {}
"""`app.migration` -> why the version before can live with what is otherwise refused here."""


def problem_of(operation: Operation, made_here: set[str]) -> str:
    if isinstance(operation, operations.SeparateDatabaseAndState):
        return next((found for each in operation.database_operations if (found := problem_of(each, made_here))), "")
    model = str(getattr(operation, "model_name", "")).lower()
    if isinstance(operation, HARMLESS) or model in made_here:
        return ""
    if isinstance(operation, operations.AddField):
        field = operation.field
        if field.many_to_many or field.null or field.db_default is not NOT_PROVIDED:
            return ""
        return f"{operation.name} needs a value that the version before does not write: let it be null, or give it a db_default"
    return f"{type(operation).__name__}: the version before may still use what is changed here"


def test_the_version_before_can_go_on_with_the_tables_of_each_migration():
    problems = []
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app in BEFORE_ROLLING and int(name[:4]) > BEFORE_ROLLING[app] and f"{app}.{name}" not in THOUGHT_ABOUT:
            made_here = {each.name.lower() for each in migration.operations if isinstance(each, operations.CreateModel)}
            problems += [f"{app}.{name}: {found}" for each in migration.operations if (found := problem_of(each, made_here))]
    assert problems == []


@pytest.mark.parametrize(
    ("operation", "is_refused"),
    [
        (operations.AddField("call", "x", models.TextField()), True),
        (operations.AddField("call", "x", models.TextField(default="")), True),
        (operations.AddField("call", "x", models.TextField(null=True)), False),
        (operations.AddField("call", "x", models.TextField(db_default="")), False),
        (operations.AddField("new", "x", models.TextField()), False),
        (operations.RemoveField("call", "x"), True),
        (operations.RenameField("call", "x", "y"), True),
        (operations.AlterField("call", "x", models.TextField()), True),
        (operations.DeleteModel("call"), True),
        (operations.AddIndex("call", models.Index(fields=["x"], name="x")), False),
        (operations.SeparateDatabaseAndState(database_operations=[operations.RemoveField("call", "x")]), True),
        (operations.SeparateDatabaseAndState(state_operations=[operations.RemoveField("call", "x")]), False),
    ],
)
def test_what_the_version_before_cannot_live_with_is_refused(operation: Operation, is_refused: bool):
    """A default of Django's is no default of the table's: the version before does not know it."""
    assert bool(problem_of(operation, {"new"})) is is_refused


# Events may be in partitions (docs/decisions/2026-11-28-events-in-partitions.md) ---------------------------------------------
BEFORE_PARTITIONS = 41


def what_partitions_refuse(operation: Operation) -> str:
    """What PostgreSQL does not do to a table that is partitioned by time; `AddIndex` it does, as `AddField` and `AlterField`."""
    parts = getattr(operation, "database_operations", [operation])
    if operation not in parts:
        return next((found for each in parts if (found := what_partitions_refuse(each))), "")
    fields = [field for _, field in getattr(operation, "fields", [])] + [getattr(operation, "field", None)]
    if any(field and field.remote_field and state_name(field.remote_field.model) == "streams.streamevent" for field in fields):
        return "refers to events: they have no key without their time"
    if str(getattr(operation, "model_name", "")).lower() != "streamevent":
        return ""
    if isinstance(operation, operations.AddConstraint) and isinstance(operation.constraint, models.UniqueConstraint):
        return "" if "at" in operation.constraint.fields else f"{operation.constraint.name} needs the time (at) among its fields"
    if fields[-1] is not None and fields[-1].unique and not fields[-1].primary_key:
        return "is unique without the time"
    of_django = type(operation).__module__ == "django.db.migrations.operations.models" or not isinstance(operation, operations.AddIndex)
    return "" if of_django else f"{type(operation).__name__}: an index on partitions cannot be made concurrently; use AddIndex"


def state_name(model: Any) -> str:
    return str(model if isinstance(model, str) else model._meta.label).lower()


def test_later_migrations_of_events_work_where_they_are_in_partitions_as_well():
    problems = []
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app in BEFORE_ROLLING and (app, int(name[:4])) > ("streams", BEFORE_PARTITIONS):
            problems += [f"{app}.{name}: {found}" for each in migration.operations if (found := what_partitions_refuse(each))]
    assert problems == []


@pytest.mark.parametrize(
    ("operation", "is_refused"),
    [
        (operations.AddIndex("streamevent", models.Index(fields=["kind"], name="x")), False),
        (AddIndexConcurrently("streamevent", models.Index(fields=["kind"], name="x")), True),
        (AddIndexConcurrently("stream", models.Index(fields=["kind"], name="x")), False),
        (operations.AddConstraint("streamevent", models.UniqueConstraint(fields=["kind"], name="x")), True),
        (operations.AddConstraint("streamevent", models.UniqueConstraint(fields=["kind", "at"], name="x")), False),
        (operations.AddConstraint("streamevent", models.CheckConstraint(condition=models.Q(number__gt=0), name="x")), False),
        (operations.AddField("streamevent", "x", models.IntegerField(null=True)), False),
        (operations.AddField("streamevent", "x", models.IntegerField(null=True, unique=True)), True),
        (operations.AddField("stream", "x", models.ForeignKey("streams.StreamEvent", models.CASCADE, null=True)), True),
        (operations.CreateModel("new", [("x", models.ForeignKey("streams.streamevent", models.CASCADE))]), True),
        (
            operations.SeparateDatabaseAndState(
                state_operations=[operations.AddField("streamevent", "x", models.IntegerField(unique=True))]
            ),
            False,
        ),
    ],
)
def test_what_cannot_be_done_to_events_in_partitions_is_refused(operation: Operation, is_refused: bool):
    assert bool(what_partitions_refuse(operation)) is is_refused
