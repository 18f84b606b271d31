"""A name means one thing: no two modules define a class of the same name, or a function that is imported by its bare name.

Verbs that are said with their module in front (`outbox.claim`, `audit.write`) may stand in several."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

DJANGO = {"Command"}
"""Management commands have to be called so."""
WITH_THEIR_MODULE = {
    *(
        "claim",
        "claim_next",
        "finish",
        "forget_old",
        "give_back",
        "hang_up",
        "keep",
        "nudge",
        "remove",
        "remove_old",
    ),
    *("request_stop", "resend", "run", "send_digits", "start", "write"),
}


def modules() -> Iterator[Path]:
    root = Path(settings.BASE_DIR)
    for app in ("streams", "cdr", "config"):
        yield from (path for path in (root / app).rglob("*.py") if "migrations" not in path.parts)


def definitions(kinds: tuple[type[ast.stmt], ...]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kinds) and isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found[node.name].append(str(path.relative_to(settings.BASE_DIR)))
    return {name: places for name, places in found.items() if not name.startswith("_")}


def test_no_two_classes_share_a_name() -> None:
    shared = {name: places for name, places in definitions((ast.ClassDef,)).items() if len(places) > 1 and name not in DJANGO}
    assert not shared, f"Name each for what it is: {shared}"


def test_no_two_functions_share_a_name_but_verbs_said_with_their_module() -> None:
    functions = definitions((ast.FunctionDef, ast.AsyncFunctionDef))
    shared = {name: places for name, places in functions.items() if len(places) > 1}
    assert not shared.keys() - WITH_THEIR_MODULE, f"Name each for what it does: {shared}"
    assert not WITH_THEIR_MODULE - shared.keys(), "Take out of the list what is no longer shared."
