"""Who writes calls, streams and their events: `journal`, and the few that are named here with what they write.

Read from the code: a row that is written must be seen to be of another model, or its module stands in WRITERS."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

RECORDS = {"Call", "Stream", "StreamEvent", "CallMeasure", "StreamMeasure", "StreamConversation", "CallDetail", "StreamDetail"}
WRITERS = {
    "streams/journal/writing.py": "what happens, as it happens",
    "streams/journal/call_rows.py": "the columns of a call and its streams that notes change",
    "streams/journal/leases.py": "who holds a call, and the end of those that nobody holds",
    "streams/journal/measuring.py": "timing",
    "streams/journal/replaying.py": "what a killed process had noted",
    "streams/journal/rows.py": "the columns of a stream, and the ends of calls and streams, for the others of journal",
    "streams/control/pending_streams.py": "a stream that was asked for and never begun, with its two events",
    "streams/delivery/outbox.py": "a stream's callback_trouble, which lists look for, when a callback is sent again",
    "streams/delivery/claims.py": "the same, when a try is over",
    "streams/resealing.py": "what is sealed, sealed anew with another key",
    "cdr/retention/removal.py": "what retention takes out of calls that ended long ago",
}
OTHERS = {
    "streams/provision.py": "accounts, applications and gateways",
    "streams/rate_plans.py": "rates of a provisioning file",
    "cdr/roles.py": "groups",
    "cdr/admin/lists/saved_filters.py": "saved filters",
    "cdr/admin/filters/kinds.py": "no row: what a filter of a list was asked",
    "cdr/desk/applications.py": "an application, by its form",
    "cdr/desk/accepting.py": "a user, by a form",
    "cdr/exports.py": "files of exports, and what has become of each",
    "streams/recordings/store.py": "the row of a recording, and its file",
    "streams/recordings/sweeping.py": "files of recordings",
    "streams/stored_files.py": "files alone",
    "streams/jobs.py": "the claim of any row that is a job: who has it, until when, how often it was tried",
}
"""Where the code alone does not tell what is written."""
WRITES = {
    *("save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    *("asave", "acreate", "aupdate", "adelete", "abulk_create", "abulk_update", "aget_or_create", "aupdate_or_create"),
}
NO_ROWS = {"hashlib", "venv", "first_users", "super"}
"""Whose `update`, `create` or `save` writes no row; a model's own `save` goes through `super`."""


def models() -> set[str]:
    return {model.__name__ for model in apps.get_models(include_auto_created=True)}


def names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def writes(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            yield node


def origins(scope: ast.AST) -> dict[str, set[str]]:
    """The names that a variable of a function was made of, or annotated with."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(scope):
        for variable, made_of in bindings(node):
            found.setdefault(variable, set()).update(names(made_of))
    return found


def bindings(node: ast.AST) -> list[tuple[str, ast.AST]]:
    """Each variable that `node` binds, and what it is bound to."""
    match node:
        case ast.arg(arg=name, annotation=ast.expr() as kind):
            return [(name, kind)]
        case ast.Assign(targets=targets, value=value):
            return [(name, value) for target in targets for name in names(target)]
        case ast.AnnAssign(target=target, annotation=value) | ast.NamedExpr(target=target, value=value):
            return [(name, value) for name in names(target)]
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            return [(name, value) for name in names(target)]
    return []


def models_written(write: ast.Call, made_of: dict[str, set[str]]) -> set[str]:
    """The models that a written row may be of; none when the code does not tell."""
    assert isinstance(write.func, ast.Attribute)
    seen: set[str] = set()
    waiting = names(write.func.value)
    while waiting:
        seen |= waiting
        waiting = {name for known in waiting for name in made_of.get(known, ())} - seen
    return seen & (models() | NO_ROWS)


def doubtful(path: Path) -> list[int]:
    """The lines that may write a record."""
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lines = []
    for function in functions:
        for write in writes(function):
            written = models_written(write, origins(function))
            if not written or written & RECORDS:
                lines.append(write.lineno)
    return lines


def test_every_record_is_a_model() -> None:
    assert RECORDS <= models()


def test_calls_streams_and_events_are_written_where_it_is_said_and_nowhere_else() -> None:
    root = Path(settings.BASE_DIR)
    modules = (path for app in ("streams", "cdr", "config") for path in (root / app).rglob("*.py") if "migrations" not in path.parts)
    found = {str(path.relative_to(root)): lines for path in modules if (lines := doubtful(path))}
    named = WRITERS | OTHERS
    unnamed = {name: lines for name, lines in found.items() if name not in named}
    assert not unnamed, f"These lines may write calls, streams or events: let journal do it, or say in WRITERS what they write: {unnamed}"
    assert named.keys() == found.keys(), "a module that is named here writes none of it any more: take it out"


@pytest.mark.parametrize(
    "code",
    [
        "def f(): Stream.objects.filter(pk=1).update(state='ended')",
        "def f(call: Call): call.save()",
        "def f(call: Call): call.streams.update(state='ended')",
        "def f():\n ended = Call.objects.all()\n for row in ended:\n  row.delete()",
        "async def f(calls: QuerySet[Call]): await calls.aupdate(owner='')",
        "def f(row): row.save()",
    ],
)
def test_a_write_is_seen(code: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(code)
    assert doubtful(module)


@pytest.mark.parametrize(
    "code", ["def f(export: Export): export.delete()", "def f(row: Callback): Callback.objects.filter(pk=row.pk).update(tries=1)"]
)
def test_a_row_of_another_model_is_no_record(code: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(code)
    assert not doubtful(module)
