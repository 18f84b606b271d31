"""Signing in: guessing is locked for the name and the address, and for nobody else; what happened is said and written down."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cdr import tasks
from cdr.admin.entry.signing_in import NOBODY
from cdr.models import AuditEntry, FailedSignIn
from cdr.pure.sign_in import MOST_OF_A_NAME, MOST_OF_AN_ADDRESS
from cdr.sign_in import locks
from tests.cdr.admin.reading import Page, read

pytestmark = pytest.mark.django_db
LOGIN, PASSWORD = "/admin/login/", "a-long-password-1"
HOME, AWAY = "198.51.100.4", "203.0.113.9"


@pytest.fixture
def maria() -> User:
    return User.objects.create_user("maria", password=PASSWORD, is_staff=True)


def sign_in(name: str = "maria", password: str = PASSWORD, address: str = HOME, client: Client | None = None):
    return (client or Client(REMOTE_ADDR=address)).post(LOGIN, {"username": name, "password": password})


def guess(times: int, name: str = "maria", address: str = HOME):
    return [sign_in(name, f"guess-{number}", address) for number in range(times)][-1]


def said(response) -> str:
    return Page(response.content.decode()).text


def acts() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("by", "act", "address"))


def pass_time(minutes: int) -> None:
    for row in FailedSignIn.objects.all():
        FailedSignIn.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(minutes=minutes))


def test_in_and_out_are_written_down(maria) -> None:
    client = Client(REMOTE_ADDR=HOME)
    assert sign_in(client=client).headers["Location"] == "/admin/"
    client.post("/admin/logout/")
    assert acts() == [("maria", "sign in", HOME), ("maria", "sign out", HOME)]


def test_guessing_locks_this_name_from_this_address_and_nothing_else(maria) -> None:
    User.objects.create_user("leo", password=PASSWORD, is_staff=True)
    last = guess(MOST_OF_A_NAME)
    assert (last.status_code, last.headers["Retry-After"]) == (429, "900")
    assert "Too many failed sign-ins with this name from your address. Try again in 15 minutes." in said(last)
    locked = sign_in()
    assert locked.status_code == 429 and "Try again in 15 minutes" in said(locked)
    assert sign_in(address=AWAY).status_code == 302
    assert sign_in("leo").status_code == 302


def test_one_guess_less_locks_nobody_and_a_right_password_forgives(maria) -> None:
    assert guess(MOST_OF_A_NAME - 1).status_code == 200
    assert sign_in().status_code == 302
    assert guess(MOST_OF_A_NAME - 1).status_code == 200


def test_a_lock_ends_by_itself_and_trying_meanwhile_does_not_prolong_it(maria) -> None:
    guess(MOST_OF_A_NAME)
    pass_time(14)
    assert re.search("Try again in (60|5[0-9]) seconds", said(guess(3)))
    pass_time(2)
    assert sign_in().status_code == 302


def test_many_names_from_one_address_lock_the_address(maria) -> None:
    for number in range(MOST_OF_AN_ADDRESS):
        assert (guess(1, f"name-{number}").status_code == 429) == (number == MOST_OF_AN_ADDRESS - 1)
    assert "Too many failed sign-ins from your address." in said(sign_in())
    assert sign_in(address=AWAY).status_code == 302


def test_who_can_sign_in_does_not_get_more_guesses_at_others(maria) -> None:
    User.objects.create_user("leo", password=PASSWORD, is_staff=True)
    guess(MOST_OF_A_NAME - 1, "leo")
    sign_in("maria")
    assert guess(1, "leo").status_code == 429


def test_addresses_of_one_ipv6_network_count_as_one(maria) -> None:
    for number in range(MOST_OF_A_NAME):
        last = guess(1, address=f"2001:db8:0:7::{number + 1}")
    assert last.status_code == 429
    assert sign_in(address="2001:db8:0:8::1").status_code == 302
    assert acts()[0] == ("maria", "fail to sign in", "2001:db8:0:7::1")


@pytest.mark.parametrize("header", [{}, {"HTTP_USER_AGENT": "another\x00one"}])
def test_another_browser_is_no_other_visitor(maria, header) -> None:
    guess(MOST_OF_A_NAME - 1)
    client = Client(REMOTE_ADDR=HOME, **header)
    assert sign_in(password="wrong", client=client).status_code == 429


def test_a_name_that_nobody_has_is_told_the_same(maria) -> None:
    for count in (1, MOST_OF_A_NAME - 1):
        assert said(guess(count)) == said(guess(count, "nobody")).replace("nobody", "maria")


def test_not_each_guess_is_written_down_and_no_name_that_nobody_has(maria) -> None:
    guess(MOST_OF_A_NAME + 3)
    assert acts() == [("maria", "fail to sign in", HOME), ("maria", "lock sign-ins", HOME)]
    for number in range(4):
        guess(1, f"my-password-{number}", AWAY)
    assert acts()[2:] == [(NOBODY, "fail to sign in", AWAY)]


def test_what_was_typed_is_not_kept(maria) -> None:
    Client(REMOTE_ADDR=HOME).post(LOGIN, {"username": "maria", "password": "s3cret-guess"})
    row = FailedSignIn.objects.get()
    assert "s3cret-guess" not in row.post_data + row.get_data + str(AuditEntry.objects.values())


def test_old_failures_are_forgotten_by_the_task(maria) -> None:
    guess(2)
    tasks.forget_old_sign_ins()
    assert FailedSignIn.objects.count() == 1
    pass_time(16)
    tasks.forget_old_sign_ins()
    assert not FailedSignIn.objects.exists()


def test_an_administrator_sees_the_locks_and_lifts_one(maria, administrator) -> None:
    guess(MOST_OF_A_NAME)
    guess(2, "a-password-perhaps", AWAY)
    page = read(administrator, "/admin/cdr/failedsignin/")
    until = f"{timezone.now() + locks.COOL_OFF:%H:%M}"
    strangers = [NOBODY, AWAY, "2 of 5", "2 of 30", "open"]
    assert [row[2:] for row in page.rows[1:]] == [strangers, ["maria", HOME, "5 of 5", "5 of 30", row_state(page)]]
    assert row_state(page).startswith("✕ locked until") and until[:2] in row_state(page)
    locked = FailedSignIn.objects.get(username="maria").pk
    chosen = {"action": "lift_selected", "_selected_action": [locked]}
    asked = administrator.post("/admin/cdr/failedsignin/", chosen)
    assert "maria from 198.51.100.4" in said(asked) and FailedSignIn.objects.count() == 2
    administrator.post("/admin/cdr/failedsignin/", chosen | {"confirmed": "yes"})
    assert sign_in().status_code == 302
    entry = AuditEntry.objects.get(act="lift a lock")
    assert (entry.by, entry.subject, entry.details) == ("admin", "maria", {"address": HOME})


def row_state(page: Page) -> str:
    return page.rows[2][-1]


def test_who_may_only_look_lifts_nothing(maria, support) -> None:
    guess(MOST_OF_A_NAME)
    assert support.get("/admin/cdr/failedsignin/").status_code == 403
    chosen = {"action": "lift_selected", "_selected_action": [FailedSignIn.objects.get().pk], "confirmed": "yes"}
    assert support.post("/admin/cdr/failedsignin/", chosen).status_code == 403
    assert FailedSignIn.objects.exists()
