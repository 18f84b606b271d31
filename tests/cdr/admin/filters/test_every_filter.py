"""Every filter of every list, both ways: with each choice that it offers it finds the row it means, and leaves out one that it does not."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
import time_machine
from django.db.models import Model, Q
from django.test import Client

from cdr.admin.additions import PageAdmin
from cdr.admin.filters.kinds import Narrowing, TextFilter
from cdr.admin.filters.stream_facts import MeaningFilter
from cdr.admin.lists.records import RecordAdmin, RecordList
from cdr.admin.site import console
from cdr.models import CallDetail, StreamDetail
from tests.cdr.admin.asked_often import known_people
from tests.cdr.admin.filters.rows import CASES, MAKE, NOW, Case, Columns
from tests.cdr.admin.reading import listed
from tests.cdr.call_script import make_gateway

LISTS = {model: admin for model, admin in console._registry.items() if isinstance(admin, RecordAdmin)}
FILTERS = [(model, spec) for model, admin in LISTS.items() for spec in admin.list_filter]


@pytest.fixture(autouse=True)
def asked_by_one_person() -> Iterator[None]:
    with known_people():
        yield


def list_of(client: Client, model: type[Model], query: str) -> RecordList:
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    with time_machine.travel(NOW, tick=False):
        return listed(client, f"{path}?{query}")


def keys(client: Client, model: type[Model], query: str) -> set[int]:
    return {row.pk for row in list_of(client, model, query).result_list}


def cases_of(spec: type[Narrowing]) -> list[Case]:
    if spec not in CASES:
        pytest.fail(f"{spec.__name__} has no rows: add to CASES in tests/cdr/admin/filters/rows.py what it finds and what it leaves out")
    return CASES[spec]()


def with_rows(model: type[Model], cases: list[Case]) -> list[tuple[Case, tuple[int, int]]]:
    """With the keys of what each finds and leaves out; a row that several cases mean is made once."""
    made: list[tuple[Columns, int]] = []

    def key_of(columns: Columns) -> int:
        known = [key for others, key in made if others == columns]
        if not known:
            made.append((columns, MAKE[model](dict(columns))))
        return known[0] if known else made[-1][1]

    return [(case, (key_of(case.found), key_of(case.left_out))) for case in cases]


@pytest.mark.parametrize(("model", "spec"), FILTERS, ids=[f"{model.__name__}-{spec.__name__}" for model, spec in FILTERS])
def test_it_finds_what_it_means_and_nothing_else(administrator, model: type[Model], spec: type[Narrowing]) -> None:
    """Rows are declared for each choice that it offers."""
    make_gateway()
    tried = with_rows(model, cases_of(spec))
    page = list_of(administrator, model, "")
    require_all_choices(page, spec)
    assert {key for _, both in tried for key in both} <= {row.pk for row in page.result_list}, "all are in the list that nothing narrows"
    for case, (found, left_out) in tried:
        shown = keys(administrator, model, case.query)
        assert found in shown, f"?{case.query} does not find {case.found}"
        assert left_out not in shown, f"?{case.query} finds {case.left_out}"


def require_all_choices(page: RecordList, spec: type[Narrowing]) -> None:
    tried = {pair for case in cases_of(spec) for pair in parse_qsl(case.query)}
    assert {name for name, _ in tried} == set(spec.parameters())
    if not issubclass(spec, TextFilter):
        drawn = next(one for one in page.narrowings if type(one) is spec)
        offered = {str(choice["value"]) for choice in drawn.choices(page)} - {""}
        assert offered and offered == {value for name, value in tried if name == spec.parameters()[0]}


def test_no_rows_are_declared_for_a_filter_that_is_gone() -> None:
    assert set(CASES) == {spec for _, spec in FILTERS}


# A filter as a newcomer writes it --------------------------------------------------------------------------------------
class OneWay(MeaningFilter):
    title = "one way"
    parameter_name = "way"
    MEANING = {"one": ("one way", Q(bidirectional=False))}


class OneWayIsUnusual(OneWay):
    UNUSUAL = ("one",)


@pytest.mark.parametrize("model", [CallDetail, StreamDetail])
def test_a_new_filter_that_says_nothing_of_unusual_streams_finds_usual_ones(administrator, monkeypatch, model) -> None:
    monkeypatch.setattr(type(LISTS[model]), "list_filter", (OneWay,))
    found, left_out = MAKE[model]({"bidirectional": False}), MAKE[model]({"bidirectional": True})
    assert keys(administrator, model, "way=one") == {found}
    assert keys(administrator, model, "") == {found, left_out}


@pytest.mark.parametrize("model", [CallDetail, StreamDetail])
def test_one_that_takes_usual_streams_for_unusual_would_be_seen(administrator, monkeypatch, model) -> None:
    """What the first test above is there to find."""
    monkeypatch.setattr(type(LISTS[model]), "list_filter", (OneWayIsUnusual,))
    MAKE[model]({"bidirectional": False})
    assert keys(administrator, model, "way=one") == set()


def test_every_admin_of_ours_is_tried() -> None:
    """An admin whose filters are not of cdr.admin.filters would be passed over."""
    others = {type(admin).__name__ for admin in console._registry.values() if isinstance(admin, PageAdmin) and admin.list_filter}
    assert others - {type(admin).__name__ for admin in LISTS.values()} <= {"StaffAdmin"}, "Django's own"
