"""Pages for what is not there, what may not be done and what went wrong: in the site's frame for who is signed in, bare for strangers."""

import pytest
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from cdr import roles
from config import dead_ends
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.desk.two_accounts import at_desk, own_rows

pytestmark = pytest.mark.django_db
SECTIONS = 'aria-label="Sections"'


def test_who_is_signed_in_has_the_bar_where_nothing_is_and_where_he_may_not_go() -> None:
    support = signed_in(person("sam", roles.SUPPORT))
    nothing, closed = read(support, "/admin/no-such-page", 404), read(support, "/admin/auth/user/add/", 403)
    for page in (nothing, closed):
        assert SECTIONS in page.html and "Log out" in page.text and "/admin/cdr/calldetail/" in page.links
    assert "There is nothing at this address" in nothing.text and "You may not do this" in closed.text


def test_at_the_desk_it_is_the_desks_bar() -> None:
    own_rows()
    page = read(at_desk(), "/desk/calls/no-such-call/", 404)
    assert SECTIONS in page.html and "/desk/calls/" in page.links and not [link for link in page.links if link.startswith("/admin/")]


@pytest.mark.parametrize("address", ["/no-such-page", "/admin/no-such-page/x", "/v1/x", "/desk/x"])
def test_a_stranger_sees_none(address) -> None:
    html = Client().get(address).content.decode()
    assert SECTIONS not in html and "Log out" not in html


def test_before_anybody_knows_who_it_is_the_page_is_bare(rf: RequestFactory) -> None:
    answer = dead_ends.nothing_here(rf.get("/admin/x"), None)  # type: ignore[arg-type]
    assert answer.status_code == 404 and "There is nothing at this address" in answer.content.decode()


def test_an_error_of_ours_has_a_page_that_asks_no_database(rf: RequestFactory, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        answer = server_error(rf.get("/admin/"))
    assert (
        answer.status_code == 500
        and "This page could not be made" in answer.content.decode()
        and "Traceback" not in answer.content.decode()
    )
