"""That nobody asks for what is left out."""

import unittest

import pytest
from django.apps import apps

from tests.unasked_fixtures import BY_MARKER, UNASKED, left_out


def test_no_test_has_a_marker_whose_fixture_is_left_out(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    marked = [item.nodeid for item in items for marker in BY_MARKER.values() if item.get_closest_marker(marker)]
    assert not marked, "take its fixture out of BY_MARKER in tests/unasked_fixtures.py"
    cases = [item.nodeid for item in items if isinstance(cls := getattr(item, "cls", None), type) and issubclass(cls, unittest.TestCase)]
    assert not cases and not apps.is_installed("django.contrib.sites")


def test_they_are_left_out(request: pytest.FixtureRequest) -> None:
    assert not UNASKED & set(request.fixturenames) and "_django_db_marker" in request.fixturenames
    assert left_out == UNASKED, "pytest-django calls them otherwise now"
