"""What claims give: known roles by groups, and nothing by anything else that a provider or its user may say."""

import pytest

from cdr.pure.claimed_roles import ClaimedRoles, claimed_name, claimed_roles

KNOWN = ("Support", "Operator", "Administrator")
NOTHING = ClaimedRoles(frozenset(), False)


def test_groups_that_are_called_as_roles_are() -> None:
    assert claimed_roles(["Support", "everybody", "support"], {}, KNOWN, ()) == ClaimedRoles(frozenset({"Support"}), False)


def test_with_names_given_no_other_name_counts() -> None:
    roles = {"desk-ops": "Operator", "desk-2nd": "Operator", "desk": "Support"}
    assert claimed_roles(["desk-ops", "desk-2nd", "Administrator"], roles, KNOWN, ()).groups == {"Operator"}


def test_a_superuser_is_made_by_a_group_that_is_named_for_it_and_by_nothing_else() -> None:
    assert claimed_roles(["superuser", "is_superuser", "Administrator"], {}, KNOWN, ()).superuser is False
    assert claimed_roles(["root"], {}, KNOWN, {"root"}) == ClaimedRoles(frozenset(), True)


@pytest.mark.parametrize(
    "claimed", [None, [], {}, {"Support": True}, [["Support"]], [None, 1, {"name": "Support"}], "Support,Operator", 7, True]
)
def test_what_is_no_list_of_groups_gives_nothing(claimed: object) -> None:
    given = claimed_roles(claimed, {}, KNOWN, {"root"})
    assert given == NOTHING and given.none


def test_one_group_may_come_as_a_text() -> None:
    assert claimed_roles("Support", {}, KNOWN, ()).groups == {"Support"}


def test_no_list_is_read_for_ever() -> None:
    assert claimed_roles(["x"] * 1000 + ["Support"], {}, KNOWN, ()) == NOTHING


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "maria", "email": "m@example.org", "sub": "1"}, "maria"),
        ({"preferred_username": "аdmin", "email": "m@example.org", "sub": "1"}, "m@example.org"),  # a Cyrillic a
        ({"preferred_username": "a b", "email": None, "sub": "8f1e"}, "8f1e"),
        ({"preferred_username": ["maria"], "sub": "auth0|12"}, "auth0-12"),
        ({"sub": "x" * 300}, "x" * 149 + "-"),
    ],
)
def test_a_name_that_can_be_one_and_looks_like_no_other(claims: dict[str, object], name: str) -> None:
    assert claimed_name(claims) == name
