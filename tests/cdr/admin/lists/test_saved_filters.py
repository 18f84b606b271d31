"""Narrowed lists under a name: one's own, and those that somebody shares."""

from urllib.parse import quote_plus, urlencode

import pytest
from django.contrib.auth.models import User

from cdr.models import SavedFilter
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway

LIST = "/admin/cdr/streamdetail/"
SAVED = f"{LIST}saved/"


def save(client, name: str, query: str = "reason=Connection+error&state=ended", **more: str) -> str:
    return client.post(SAVED, {"name": name, "query": query, **more}, follow=True).content.decode()


def test_a_narrowed_list_offers_to_be_saved_and_opens_again(support, db) -> None:
    factories.closed_call(make_gateway())
    narrowed = read(support, f"{LIST}?state=ended&reason=Connection+error&q=")
    offer = next(link for link in narrowed.links if "/saved/?" in link)
    assert offer == f"{SAVED}?reason=Connection+error&state=ended"
    assert 'name="query" value="reason=Connection+error&amp;state=ended"' in support.get(offer).content.decode()
    assert "Saved as “Drops”." in save(support, "Drops")
    opened = next(link for link in read(support, SAVED).links if "reason=" in link)
    assert len(read(support, opened).rows) == 2


def test_it_is_ones_own_unless_it_is_shared(support, operator) -> None:
    save(support, "Mine")
    save(support, "Ours", shared="on")
    assert "Mine" in read(support, SAVED).text
    text = read(operator, SAVED).text
    assert "Ours support, shared" in text and "Mine" not in text
    assert "Ours" not in read(operator, "/admin/cdr/calldetail/saved/").text


def test_the_same_name_is_overwritten(support) -> None:
    save(support, "Drops")
    save(support, "Drops", "code=1011")
    assert SavedFilter.objects.get().query == "code=1011"


@pytest.mark.parametrize(("name", "query"), [("", "code=1011"), ("Drops", ""), ("Drops", "next=//evil.example&csrf=1"), ("  ", "code=1")])
def test_what_is_no_filter_is_not_saved(support, name, query) -> None:
    assert "Nothing was saved" in save(support, name, query)
    assert not SavedFilter.objects.exists()


def test_the_place_in_the_list_is_not_kept(support) -> None:
    save(support, "Drops", "code=1011&before=2024-11-23T14:02:37.0_7&q=415")
    assert SavedFilter.objects.get().query == "code=1011&q=415"


@pytest.mark.parametrize("more", ["evil=%22%3E", "account__auth_token__startswith=v", "state=parked", "from=tea+time", "code=1012"])
def test_what_the_list_would_not_understand_is_not_saved(support, more) -> None:
    said = save(support, "Drops", f"code=1011&{more}")
    assert "Nothing was saved. " in said and not SavedFilter.objects.exists()


def test_one_that_is_no_longer_understood_shows_no_row_and_says_why(support, operator) -> None:
    """It was shared before a release took its filter away."""
    factories.closed_call(make_gateway())
    query = "reason=Connection+error&mood=bad"
    SavedFilter.objects.create(owner=User.objects.get(username="maria"), section="cdr_streamdetail", name="Ours", query=query, shared=True)
    opened = next(link for link in read(support, SAVED).links if "mood=" in link)
    page = read(support, opened, 400)
    assert page.rows == [] and "“mood” in the address is not understood." in page.text


def test_too_long_a_query_is_refused(support) -> None:
    assert "2000 are the most" in save(support, "Long", "q=" + "4" * 3000)


def test_the_owner_deletes_and_another_does_not(support, operator) -> None:
    save(support, "Ours", shared="on")
    save(support, "Mine")
    ours, mine = (SavedFilter.objects.get(name=name).pk for name in ("Ours", "Mine"))
    assert operator.post(SAVED, {"delete": ours}).status_code == 403
    assert operator.post(SAVED, {"delete": mine}).status_code == 404
    assert operator.post(SAVED, {"delete": "x"}).status_code == 404
    assert support.post(SAVED, {"delete": mine}).status_code == 302
    assert list(SavedFilter.objects.values_list("name", flat=True)) == ["Ours"]


def test_an_administrator_deletes_what_is_shared(support, administrator) -> None:
    save(support, "Ours", shared="on")
    assert administrator.post(SAVED, {"delete": SavedFilter.objects.get().pk}).status_code == 302
    assert not SavedFilter.objects.exists()


def test_they_go_with_their_owner(support) -> None:
    save(support, "Drops")
    User.objects.get(username="support").delete()
    assert not SavedFilter.objects.exists()


def test_a_hostile_name_is_text(support) -> None:
    save(support, "<script>alert(1)</script>")
    assert "<script>alert" not in support.get(SAVED).content.decode()


@pytest.mark.parametrize(
    "q", ["+14155550123", "415 555 0123", "tel:14155550123", "sip:alice@pbx.example.com", "alice", "(415) 555-0123", "55501"]
)
def test_a_shared_one_tells_no_number_to_who_may_not_see_it(support, operator, q) -> None:
    for name, query in (("Their caller", urlencode({"q": q})), ("The calls of 1 (415) 555-0123", "code=1011")):
        save(operator, name, query, shared="on")
    html = support.get(SAVED).content.decode()
    for told in (q, quote_plus(q), "Their caller", "555-0123"):
        assert told not in html
    assert html.count("which you may not see") == 2 and "Their caller" in operator.get(SAVED).content.decode()


@pytest.mark.parametrize("q", ["bot.example.com", "wss://bot.example.com:8443", "0f6e1c1e-7d5b-4f0e-9d3a-0123456789ab"])
def test_a_shared_one_that_names_no_caller_is_for_everybody(support, operator, q) -> None:
    save(operator, "Theirs", urlencode({"q": q}), shared="on")
    assert "Theirs" in support.get(SAVED).content.decode()
