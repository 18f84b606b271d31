"""The frame of the console: signing in, the first page, the sections."""

import re
from datetime import UTC, datetime

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from cdr.pure.figures import moment
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call, live_call


def test_signing_in_leads_to_the_first_page(db) -> None:
    User.objects.create_superuser("admin", password="a-long-password")
    client = Client()
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/admin/login/?next=/admin/"
    response = client.post("/admin/login/", {"username": "admin", "password": "a-long-password"}, follow=True)
    assert response.redirect_chain[-1][0] == "/admin/"
    assert "Streamdesk" in response.content.decode()


def test_the_first_page_has_the_sections_in_the_order_of_need(administrator) -> None:
    html = administrator.get("/admin/").content.decode()
    places = [html.index(f"<h2>{name}</h2>") for name in ("Calls", "Tenants", "Staff")]
    assert places == sorted(places)


def test_the_figures_lead_to_the_lists_they_count(support) -> None:
    gateway = make_gateway()
    closed_call(gateway, timezone.now()), live_call(gateway, timezone.now())
    page = read(support, "/admin/")
    links = [link for link in page.links if "?" in link]
    assert len(links) == 5 + 1 + 6 + 3 + 1 + 1
    for link in links:
        read(support, link)


def test_the_first_page_finds_a_call(support) -> None:
    call = closed_call(make_gateway())
    html = support.get("/admin/").content.decode()
    assert 'action="/admin/cdr/calldetail/"' in html and 'name="q"' in html
    assert str(call.uuid) in support.get(f"/admin/cdr/calldetail/?q={call.uuid}").content.decode()


def test_staff_without_permissions_see_no_figure_and_are_told_what_to_do(stranger) -> None:
    page = read(stranger, "/admin/")
    assert "Ask an administrator" in page.text and "calls are live" not in page.text


def test_a_wrong_address_and_a_forbidden_one_say_what_to_do(support) -> None:
    missing, forbidden = support.get("/admin/cdr/calldetail/nonsense/change/"), support.get("/admin/auth/user/")
    assert missing.status_code == 404 and "Search for the call or stream" in missing.content.decode()
    assert forbidden.status_code == 403 and "signed in as support" in forbidden.content.decode()


def test_the_app_pages_of_django_work_too(administrator) -> None:
    read(administrator, "/admin/cdr/")
    read(administrator, "/admin/streams/")


def test_the_console_sends_a_strict_content_security_policy(support) -> None:
    policy = support.get("/admin/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "style-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_stylesheet_and_the_icon_are_served(support) -> None:
    for file in ("console.css", "icon.svg"):
        response = support.get(f"/static/cdr/{file}")
        assert response.status_code == 200
        response.close()


def test_djangos_own_pages_write_a_time_as_ours_do() -> None:
    at = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)
    assert date_format(at, "DATETIME_FORMAT") == date_format(at, "SHORT_DATETIME_FORMAT") == moment(at)


def test_pages_of_django_lead_back_to_their_list_in_our_words(administrator) -> None:
    group = Group.objects.create(name="Night shift")
    for page, last in (("delete", "Delete"), ("history", "History")):
        html = read(administrator, f"/admin/auth/group/{group.pk}/{page}/").html
        crumbs = re.search(r'<div class="breadcrumbs">.*?</div>', html, re.S)
        assert crumbs and "Authentication and Authorization" not in html and crumbs[0].endswith(f"&rsaquo; {last}</div>")
