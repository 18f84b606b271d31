"""What of a list's address is understood, of every list of the console; and that no column is felt for by anything else."""

from urllib.parse import urlencode

import pytest
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model
from django.test import Client

from cdr.admin.site import console
from cdr.admin.understood import ListAdmin, UnderstoodList
from cdr.list_act_rows import ListAct
from cdr.models import AuditEntry, FailedSignIn
from streams.models import Account, Callback, Gateway
from tests.cdr.admin.asked_often import known_people
from tests.cdr.admin.conftest import signed_in
from tests.cdr.admin.every_page import rows
from tests.cdr.admin.reading import Page, read, undrawn

LISTS = list(console._registry)
LOOKUPS = ("", "__exact", "__startswith", "__contains", "__regex", "__iregex", "__gte", "__lt", "__in", "__isnull", "__range", "__length")


@pytest.fixture
def admin_of_all(administrator) -> Client:
    rows()
    return administrator


def admin_of(model: type[Model]) -> ListAdmin:
    admin = console._registry[model]
    assert isinstance(admin, ListAdmin), f"{admin} answers look-ups on every column: make it a PageAdmin"
    return admin


def path_of(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def body_rows(page: Page) -> list[list[str]]:
    return [row for row in page.rows if row and not row[0].startswith("Select all")][1:]


def columns_of(model: type[Model], depth: int = 2) -> list[str]:
    """Its own and those of what it leads to, in either direction."""
    own = [field.name for field in model._meta.get_fields()]
    if depth == 1:
        return own
    led_to = [(field.name, field.related_model) for field in model._meta.get_fields() if isinstance(field.related_model, type)]
    return [*own, *(f"{name}__{column}" for name, other in led_to for column in columns_of(other, depth - 1))]


@pytest.mark.parametrize("model", LISTS)
def test_no_look_up_on_any_column_is_allowed(model) -> None:
    """Every column, also of the rows beside it: django asks this of each parameter before it makes a condition of it."""
    admin = admin_of(model)
    asked = {f"{column}{lookup}" for column in columns_of(model) for lookup in LOOKUPS} - set(admin.narrowed_by())
    assert len(asked) > 80
    assert [name for name in asked if admin.lookup_allowed(name, "v", None)] == []


@pytest.mark.parametrize("model", LISTS)
def test_every_list_is_one_that_refuses(model, rf) -> None:
    """Also one that somebody adds: whoever registers a plain admin of Django's finds it here."""
    admin, ours = type(admin_of(model)), ListAdmin
    assert admin.date_hierarchy is None and not admin.list_editable
    assert issubclass(admin_of(model).get_changelist(rf.get("/")), UnderstoodList)
    assert issubclass(admin, ours) and admin.lookup_allowed == ours.lookup_allowed


NOT_UNDERSTOOD = (
    *("pk__gte=0", "id=1", "id__regex=^1", "nonsense=", "NONSENSE", "pk__isnull=False&pk__gte=1", "_facets=1", "all=1", "o=99", "o=-"),
    *("o=1.x", "p=x", "p=-1", "q=%00", "q=a&q=b", "_changelist_filters=id__gte%3D0", "%00=1", "q__regex=."),
)


def test_what_is_not_understood_shows_no_row_and_says_so(admin_of_all) -> None:
    """What the list would be drawn of has no row and says what it did not understand. All lists judge by the same code (the test above):
    each judges three of the queries, with one of them it is drawn, and one that is made otherwise all of them."""
    assert len(LISTS) >= len(NOT_UNDERSTOOD), "not every query would be drawn"
    with known_people():
        for place, model in enumerate(LISTS):
            plain = undrawn(admin_of_all, path_of(model)).get("cl")
            assert not plain or not plain.problems, model
            queries = [NOT_UNDERSTOOD[(place + step) % len(NOT_UNDERSTOOD)] for step in (0, 5, 10)]
            for query in queries if plain else NOT_UNDERSTOOD:
                listed = undrawn(admin_of_all, f"{path_of(model)}?{query}", 400).get("cl")
                assert not listed or (listed.problems and list(listed.result_list) == []), (model, query)
                if not listed or query == queries[0]:
                    page = read(admin_of_all, f"{path_of(model)}?{query}", 400)
                    assert body_rows(page) == [] and 'class="errornote" role="alert"' in page.html, (model, query)
        assert "errornote" not in read(admin_of_all, path_of(Account)).html


def test_what_is_understood_is_said_with_what_is_not(admin_of_all) -> None:
    text = read(admin_of_all, "/admin/auth/user/?is_superuser__exact=1", 400).text
    assert "“is_superuser__exact” in the address is not understood. What narrows this list: q, staff, superuser, active, group." in text
    many = read(admin_of_all, "/admin/auth/user/?" + "&".join(f"n{number}=1" for number in range(9)), 400).text
    assert "“n0”, “n1”, “n2”, “n3”, “n4” and 4 more in the address are not understood." in many


# The attack --------------------------------------------------------------------------------------------------------------
HIDDEN = [
    (Account, "auth_tokens__digest__startswith", "auth_id"),
    (Account, "auth_tokens__name__regex", "auth_id"),
    (Gateway, "password_digest__startswith", "password_digest"),
    (Gateway, "signing_token__contains", "signing_token"),
    (Gateway, "account__auth_tokens__digest__startswith", "account"),
    (User, "password__startswith", "password"),
    (Group, "user__password__startswith", ""),
]


@pytest.mark.parametrize(("model", "lookup", "column"), HIDDEN)
@pytest.mark.parametrize("reader", ["viewer", "superuser"])
def test_a_guess_that_is_right_answers_as_one_that_is_wrong(db, reader, model, lookup, column) -> None:
    rows()
    user = User.objects.create_user("viewer", is_staff=True, is_superuser=reader == "superuser")
    user.user_permissions.add(*Permission.objects.filter(codename=f"view_{model._meta.model_name}"))
    client = signed_in(user)
    value = str(getattr(model.objects.first(), column, "") or "x")
    answers = [client.get(f"{path_of(model)}?{urlencode({lookup: guess})}") for guess in (value[:1], "~")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert len({str(Page(answer.content.decode()).text).replace(value[:1], "").replace("~", "") for answer in answers}) == 1


SECRET_COLUMNS = ("password", "auth_token", "password_digest", "signing_token")


def test_no_list_is_sorted_by_what_it_does_not_show(admin_of_all) -> None:
    """An order tells as much as a condition: only the columns that stand in the list are sorted by."""
    with known_people():
        for model in LISTS:
            listed: ChangeList | None = undrawn(admin_of_all, path_of(model)).get("cl")
            for place, column in enumerate(listed.list_display if listed else ()):
                field = listed.get_ordering_field(column) if listed else None
                may_be_said = column == "__str__" or ("o" in admin_of(model).turned_by and field)
                undrawn(admin_of_all, f"{path_of(model)}?o={place}", 200 if may_be_said else 400)
                # Django draws __str__ as if one could sort by it; nothing is sorted
                assert not field if column == "__str__" else str(field) not in SECRET_COLUMNS


@pytest.mark.parametrize("field", ["auth_tokens", "gateways", "auth_id", "nonsense"])
def test_no_row_is_addressed_by_a_hidden_column(admin_of_all, field) -> None:
    account = Account.objects.get()
    for page in (f"{account.auth_id}/change/", f"{account.auth_id}/delete/", ""):
        assert admin_of_all.get(f"/admin/streams/account/{page}?_to_field={field}").status_code == 400


def test_the_door_that_completes_what_is_typed_is_closed(admin_of_all) -> None:
    asked = {"app_label": "streams", "model_name": "gateway", "field_name": "account", "term": "Acme"}
    assert admin_of_all.get("/admin/autocomplete/", asked).status_code == 403


def test_a_name_that_nobody_has_is_not_searched(admin_of_all) -> None:
    """It may be a password in the wrong field: the list does not show it, so nobody feels for it letter by letter."""
    FailedSignIn.objects.create(username="hunter2", ip_address="192.0.2.77", failures_since_start=1)
    User.objects.create_user("maria")
    path = path_of(FailedSignIn)
    assert "hunter2" not in read(admin_of_all, path).text
    assert [len(body_rows(read(admin_of_all, f"{path}?q={text}"))) for text in ("hunter", "h", "mari", "192.0.2.77")] == [0, 0, 1, 1]


@pytest.mark.parametrize("model", LISTS)
def test_a_list_is_searched_only_where_it_says_by_what(model) -> None:
    admin = admin_of(model)
    assert admin.search_help_text or not admin.search_fields, "say what is searched, beside the field"
    assert ("q" in admin.narrowed_by()) == bool(admin.search_help_text)


def test_a_search_where_there_is_none_shows_no_row(admin_of_all) -> None:
    path = path_of(ListAct)
    assert body_rows(read(admin_of_all, path)) and 'name="q"' not in read(admin_of_all, path).html.partition("<h1>")[2]
    assert not body_rows(read(admin_of_all, f"{path}?q=x", 400))


# What is done to rows ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("more", [{}, {"select_across": "1", "index": "0"}])
@pytest.mark.parametrize("query", ["password__startswith=p", "nonsense=1", "staff=maybe", "group=99", "group=x"])
def test_nothing_is_done_to_a_list_that_is_not_understood(admin_of_all, query, more) -> None:
    owner, entries = User.objects.get(username="owner"), AuditEntry.objects.count()
    act = {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes", **more}
    answer = admin_of_all.post(f"/admin/auth/user/?{query}", act)
    assert answer.status_code == 302 and User.objects.filter(pk=owner.pk).exists() and AuditEntry.objects.count() == entries
    assert "Nothing was done. “" in admin_of_all.get("/admin/auth/user/").content.decode()


def test_a_page_that_is_not_there_does_not_become_the_whole_list(admin_of_all) -> None:
    User.objects.bulk_create(User(username=f"user-{number}") for number in range(120))
    assert len(body_rows(read(admin_of_all, "/admin/auth/user/?q=user-&p=2"))) == 20
    page = read(admin_of_all, "/admin/auth/user/?q=user-&p=99", 400)
    assert body_rows(page) == [] and "There is no page 99 of this list." in page.text


NO_KEYS = ["abc", "1 OR 1", "\x00", "9" * 40, "", "1.5", "None", "1" * 5000]


def test_a_row_that_can_be_none_is_told_and_nothing_is_done(admin_of_all) -> None:
    """Each list is sent two of the keys, and the one of callbacks all."""
    before = {model: model._default_manager.count() for model in LISTS}
    for place, model in enumerate(LISTS):
        for action in ("delete_selected", *(admin_of(model).actions or ())):
            for key in NO_KEYS if model is Callback else (NO_KEYS[place % len(NO_KEYS)], NO_KEYS[(place + 3) % len(NO_KEYS)]):
                act = {"action": action, "_selected_action": [key], "post": "yes", "confirmed": "yes"}
                answer = admin_of_all.post(path_of(model), act)
                assert answer.status_code in (200, 302, 403, 405), (model, action, key)
    shown = read(admin_of_all, path_of(Callback))
    assert "is no row of this list." in shown.text and "Nothing was done." in shown.text
    assert {model: model._default_manager.count() for model in LISTS} == before
