"""Whatever strangers wrote into any column is shown as text, on every page of the console."""

import html
from datetime import timedelta

import pytest
from django.db import models

from cdr import audit
from cdr.audit import Actor
from cdr.pure.acts import Act
from streams.models import Account, Application, Call, Callback, CallbackAttempt, Gateway, GatewayRefusal, Stream, StreamEvent
from streams.pure.refusal import Reason
from tests.cdr.admin.reading import Page, crawl
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import KINDS, refused

HOSTILE = "\"><script>alert(1)</script>'{{7*7}}javascript:\u202e"
SHORT = '"><xss>'


def hostile_value(field: models.Field, key: int) -> object:
    if isinstance(field, models.JSONField):
        return {HOSTILE: HOSTILE, "words": HOSTILE, "problem": HOSTILE, "request": {"service_url": HOSTILE, HOSTILE: [HOSTILE]}}
    room = field.max_length or 10_000
    text = HOSTILE if room > len(HOSTILE) + 4 else SHORT[:room]
    return f"{text}{key}" if field.unique else text


def poison(model: type[models.Model]) -> None:
    """Fills every text column of every row. `kind` keeps its word: its own words are to be printed with hostile details."""
    columns = [field for field in model._meta.fields if isinstance(field, models.CharField | models.TextField | models.JSONField)]
    kept = {"kind", "state"} if model is not Callback else {"state"}
    for key in model._default_manager.values_list("pk", flat=True):
        values = {field.name: hostile_value(field, key) for field in columns if field.name not in kept}
        model._default_manager.filter(pk=key).update(**values)


@pytest.fixture
def poisoned(db) -> None:
    for kind in KINDS:
        kind(make_gateway(kind.__name__.replace("_", "-"), kind.__name__))
    audit.write(Actor(HOSTILE, None), Act.CHANGE, Account.objects.first(), **{HOSTILE: [HOSTILE, HOSTILE]})
    refused("pbx-1")
    refused("good-call", Reason.UNSUPPORTED_MEDIA, STARTED + timedelta(hours=1), call_uuid=Call.objects.first().uuid)
    for model in (Account, Application, Gateway, GatewayRefusal, Call, Stream, StreamEvent, CallbackAttempt):
        poison(model)
    # A callback's parameters are pairs; its other columns like those of any row.
    poison(Callback)
    Callback.objects.filter(pk__gt=3).update(parameters=[[HOSTILE, HOSTILE], ["extraHeaders", HOSTILE]])


def test_no_page_lets_markup_through_or_needs_what_the_policy_forbids(administrator, poisoned) -> None:
    pages = crawl(administrator, "/admin/", limit=250)
    assert len(pages) > 100
    for address, content in pages.items():
        assert "<script>alert" not in content and "<xss" not in content, address
        assert 'href="javascript:' not in content, address
        assert not Page(content).inline, (address, Page(content).inline)
    assert any(html.escape(HOSTILE)[:30] in content for content in pages.values())


def test_rows_with_words_nobody_told_us_about_are_shown(administrator, poisoned) -> None:
    StreamEvent.objects.update(kind="call_teleported", level="purple")
    Stream.objects.update(state="parked")
    Call.objects.update(state="parked")
    Callback.objects.update(state="parked")
    for section in ("cdr/calldetail", "cdr/streamdetail"):
        assert len(crawl(administrator, f"/admin/{section}/", limit=40)) == 40
