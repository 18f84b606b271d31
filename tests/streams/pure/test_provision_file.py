"""The file's shape: what is read from a good one, and each thing that can be wrong, at its place."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.provision_file import read_file

GOOD = {
    "accounts": [
        {
            "name": "Acme",
            "rate": "0.0030",
            "billing_interval": 60,
            "applications": [{"name": "bot", "answer_xml": "<Response>\n\t<Stream>wss://é.example</Stream>\n</Response>"}],
            "gateways": [{"name": "pbx1", "password": "p", "application": "bot"}],
        }
    ]
}


def problems(document: object) -> list[str]:
    return [str(problem) for problem in read_file(json.dumps(document).encode()).problems]


def account(**values: object) -> dict[str, object]:
    return {"accounts": [{"name": "A", **values}]}


def test_a_good_file_is_read_with_places_and_types():
    (entry,), _, found = read_file(json.dumps(GOOD).encode())
    assert found == []
    assert entry.place == "accounts[0]" and entry.values == {"name": "Acme", "rate": Decimal("0.0030"), "billing_interval": 60}
    assert [(item.place, item.values["name"]) for item in entry.applications + entry.gateways] == [
        ("accounts[0].applications[0]", "bot"),
        ("accounts[0].gateways[0]", "pbx1"),
    ]


def test_a_number_is_as_good_as_its_text_and_keeps_its_digits():
    (entry,), _, found = read_file(b'{"accounts": [{"name": "A", "rate": 0.10, "billing_interval": 6e1}]}')
    assert found == [] and entry.values["rate"] == Decimal("0.10") and entry.values["billing_interval"] == 60


def test_null_is_no_value():
    (entry,), _, found = read_file(b'{"accounts": [{"name": "A", "auth_id": null, "gateways": null}]}')
    assert found == [] and entry.values == {"name": "A"} and entry.gateways == ()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], ["has to be an object with accounts, rate_cards, not a list."]),
        ({}, ["accounts: is missing."]),
        ({"accounts": [], "acounts": []}, ["acounts: is no key of this place. Did you mean accounts? Known are accounts, rate_cards."]),
        ({"accounts": {}}, ["accounts: has to be a list, not an object."]),
        ({"accounts": [7]}, ["accounts[0]: has to be an object with name, auth_id, auth_token, rate, billing_interval, currency,"]),
        ({"accounts": [{}]}, ["accounts[0].name: is missing."]),
        (account(billing_intervall=1), ["accounts[0].billing_intervall: is no key of this place. Did you mean billing_interval?"]),
        (account(zzz=1), ["accounts[0].zzz: is no key of this place. Known are name,"]),
        (account(rate="cheap"), ["accounts[0].rate: has to be a number such as 0.0030, not the text 'cheap'."]),
        (account(fill_silence="no"), ["accounts[0].fill_silence: has to be true or false, not the text 'no'."]),
        (account(play_failed_messages=1), ["accounts[0].play_failed_messages: has to be true or false, not the number 1."]),
        (account(rate=True), ["accounts[0].rate: has to be a number such as 0.0030, not true."]),
        (account(rate="NaN"), ["accounts[0].rate: has to be a number"]),
        (account(rate="1e999999"), ["accounts[0].rate: has to be a number"]),
        (account(billing_interval=0.5), ["accounts[0].billing_interval: has to be a whole number, not the number 0.5."]),
        (account(billing_interval="60"), ["accounts[0].billing_interval: has to be a whole number, not the text '60'."]),
        (account(currency=["USD"]), ["accounts[0].currency: has to be text, not a list."]),
        (account(currency="U\u202eSD"), ["accounts[0].currency: holds characters that cannot be shown"]),
        (account(auth_token="x" * 3000), ["accounts[0].auth_token: holds characters that cannot be shown, or more than 2048 of them."]),
        (
            account(gateways=[{"name": "g", "pasword": "x"}]),
            ["accounts[0].gateways[0].pasword: is no key of this place. Did you mean password?"],
        ),
        (
            account(applications=[{"name": "a"}, {"name": "a"}]),
            ["accounts[0].applications[1].name: 'a' is another application of this account already, at accounts[0].applications[0]."],
        ),
        (
            {"accounts": [{"name": "A", "gateways": [{"name": "g"}]}, {"name": "B", "gateways": [{"name": "g"}]}]},
            ["accounts[1].gateways[0].name: 'g' is another gateway already, at accounts[0].gateways[0]."],
        ),
        ({"accounts": [{"name": "A"}, {"name": "A"}]}, ["accounts[1].name: 'A' is another account already, at accounts[0]."]),
    ],
)
def test_each_problem_stands_at_its_place(document: object, expected: list[str]):
    found = problems(document)
    assert len(found) == len(expected)
    assert all(words in sentence for words, sentence in zip(expected, found, strict=True)), found


def test_every_problem_is_found_at_once():
    assert len(problems({"accounts": [{"nmae": "A", "rate": "x", "gateways": [{}, 1]}], "more": 1})) == 6


def test_a_key_that_stands_twice_is_not_silently_lost():
    found = read_file(b'{"accounts": [{"name": "A", "rate": 1, "rate": 2}]}').problems
    assert [str(problem) for problem in found] == ["accounts[0].rate: stands twice in one object."]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b'{"accounts": [\n{"name": }]}', "line 2, column 10: this is not JSON: Expecting value."),
        (b"\xff\xfe\xfa", "this is not JSON"),
        (b"[" * 100_000, "this is not JSON"),
        (b'{"accounts": NaN}', "this is not JSON"),
        (b"", "line 1, column 1: this is not JSON"),
    ],
)
def test_what_is_not_json_is_said_to_be_that(document: bytes, sentence: str):
    entries, _, found = read_file(document)
    assert entries == [] and len(found) == 1 and sentence in str(found[0])


def test_problems_sort_as_a_reader_counts():
    *_, found = read_file(json.dumps({"accounts": [{"name": f"A{number}", "rate": "x"} for number in range(11)]}).encode())
    assert [problem.place for problem in sorted(found, key=lambda problem: problem.order)] == [f"accounts[{n}].rate" for n in range(11)]


KEYS = ["accounts", "name", "rate", "billing_interval", "applications", "gateways", "answer_xml", "password"]
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner),
)


@given(anything)
def test_no_json_makes_it_raise(document: object):
    read_file(json.dumps(document).encode())


@given(st.binary())
def test_no_bytes_make_it_raise(document: bytes):
    read_file(document)


@pytest.mark.parametrize("number", ["1e" + "9" * 40, "-1E-" + "9" * 40, "9" * 5000])
def test_a_number_that_no_machine_holds_is_named_where_it_stands(number: str):
    *_, found = read_file(b'{"accounts": [{"name": "A", "rate": %b}]}' % number.encode())
    assert [problem.place for problem in found] == ["accounts[0].rate"] and "has to be a number" in found[0].words
