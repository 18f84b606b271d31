"""What is closed opens with its key and with no other; what it is found by tells nothing to who has not the key."""

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.seal import CannotOpen, Seal

OLD, NEW = "o" * 40, "n" * 40


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_text_comes_back_and_is_nowhere_in_what_is_kept(text: str) -> None:
    kept = Seal([NEW]).close(text)
    assert Seal([NEW]).open(kept) == text
    assert kept.isascii() and (len(text) < 8 or text not in kept)


def test_nothing_stays_nothing() -> None:
    assert Seal([NEW]).close("") == Seal([NEW]).open("") == ""


def test_the_same_text_is_never_kept_in_the_same_form() -> None:
    assert Seal([NEW]).close("token") != Seal([NEW]).close("token")


def test_an_older_key_still_opens_and_the_newest_closes() -> None:
    kept, both = Seal([OLD]).close("token"), Seal([NEW, OLD])
    assert both.open(kept) == "token" and Seal([NEW]).open(both.close("token")) == "token"
    with pytest.raises(CannotOpen):
        Seal([NEW]).open(kept)


@pytest.mark.parametrize("change", [lambda kept: kept[:-1], lambda kept: kept[:-2] + "A=", lambda kept: "token"])
def test_what_was_changed_or_never_sealed_does_not_open(change) -> None:
    with pytest.raises(CannotOpen):
        Seal([NEW]).open(change(Seal([NEW]).close("token")))


def test_what_was_closed_too_long_ago_does_not_open() -> None:
    with time_machine.travel(1_700_000_000, tick=False):
        kept = Seal([NEW]).close("form")
    with time_machine.travel(1_700_000_900, tick=False):
        assert Seal([NEW]).open(kept, within_seconds=900) == Seal([NEW]).open(kept) == "form"
    with time_machine.travel(1_700_000_901, tick=False), pytest.raises(CannotOpen):
        Seal([NEW]).open(kept, within_seconds=900)


def test_it_is_found_by_a_digest_of_each_key_the_newest_first() -> None:
    both = Seal([NEW, OLD])
    assert both.digests("token") == (*Seal([NEW]).digests("token"), *Seal([OLD]).digests("token"))
    assert len({*both.digests("token"), *both.digests("tokem")}) == 4


def test_a_key_is_known_by_its_fingerprint_which_is_none_of_what_it_does() -> None:
    assert Seal([NEW, OLD]).fingerprints == Seal([NEW]).fingerprints + Seal([OLD]).fingerprints
    assert len(Seal([NEW]).fingerprints[0]) == 16 and Seal([NEW]).fingerprints[0] not in Seal([NEW]).digests("")[0]
