"""What pytest-django does before every test for markers that no test here has, and for an app that is not installed: it is not done.

Owns the list of these fixtures, a third of what a test costs that does nothing. Must not know what a test asks for by itself."""

import pytest

BY_MARKER = {
    "_django_isolate_apps": "django_isolate_apps",
    "_django_set_urlconf": "urls",
    "_template_string_if_invalid_marker": "ignore_template_errors",
}
"""Each of these looks for its marker; tests/test_unasked_fixtures.py sees to it that there is none."""
UNASKED = {
    *BY_MARKER,
    "_django_clear_site_cache",  # django.contrib.sites is not installed
    "_django_setup_unittest",  # there is no TestCase; it makes a thing a class, and each function is one of its own
}
left_out: set[str] = set()


def ask_no_more(session: pytest.Session) -> None:
    manager = session._fixturemanager
    for names in (*manager._nodeid_autousenames.values(), *manager._node_autousenames.values()):
        left_out.update(UNASKED & set(names))
        names[:] = [name for name in names if name not in UNASKED]
