"""What is told of a refused path: enough to find a misspelled name, nothing of a password in the wrong place."""

import time

import pytest

from streams.pure.gateway.refused_path import shown_name, shown_path

KNOWN = ["pbx1", "frankfurt-gateway-2", "tw1"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("frankfurt-gateway-2", "frankfurt-gateway-2"),
        ("frankfurt-gatewya-2", "frankfurt-gatewya-2"),
        ("frankfurt-gateway", "frankfurt-gateway"),
        ("gw7", "gw7"),
        ("pbx-99", "pbx-99"),
        ("correct-horse-battery", "cor… (21 characters)"),
        ("9f86d081884c7d65", "9f8… (16 characters)"),
        ("pbx1-s3cret-of-mine", "pbx… (19 characters)"),
    ],
)
def test_a_name_is_told_when_it_is_nearly_one(name: str, shown: str) -> None:
    assert shown_name(name, KNOWN) == shown


def test_a_path_is_told_as_far_as_it_is_known() -> None:
    assert shown_path("/gatway/twilio/tw1/", ["twilio", *KNOWN]) == "/gatway/twilio/tw1"
    assert shown_path("/twilio/s3cret-s3cret/tw1/x/y/z", ["twilio", *KNOWN]) == "/twilio/.../tw1/..."
    assert shown_path("/", KNOWN) == shown_path("", KNOWN) == "/"
    assert shown_path("/a/b\u202e\x1b/" + "c" * 5000, KNOWN) == "/a/b\ufffd\ufffd/..."


def test_a_stranger_costs_little_however_many_gateways_there_are() -> None:
    known = [f"gateway-{number:05}" for number in range(5000)]
    began = time.process_time()
    for _ in range(20):
        shown_name("x" * 5000, known)
        shown_name("gateway-000000000000", known)
    assert time.process_time() - began < 10
