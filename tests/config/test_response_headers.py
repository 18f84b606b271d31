"""What every answer tells a browser."""

import pytest
from django.test import Client

from config.response_headers import PERMISSIONS_POLICY


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/nothing", "/v1/nothing", "/v1/docs", "/static/cdr/console.css", "/"])
def test_pages_of_every_kind_have_the_same_fence(path: str) -> None:
    answer = Client().get(path)
    answer.close()
    headers = answer.headers
    assert headers["Permissions-Policy"] == PERMISSIONS_POLICY and "camera=()" in PERMISSIONS_POLICY
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"


def test_what_our_own_scripts_use_is_not_among_them() -> None:
    assert "clipboard" not in PERMISSIONS_POLICY
