"""A new word that a column may hold needs no migration: the field names a function, and so does the migration."""

from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Field
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
