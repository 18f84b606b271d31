"""What each class of an admin declares is there, once. (That no capability knows another is a contract of import-linter's.)"""

from collections import Counter
from itertools import combinations

import pytest
from django.db.models import Model
from django.urls import reverse

from cdr.admin.additions import Additions, Door, OwnPage, PageAdmin, Where
from cdr.admin.audited import Audited
from cdr.admin.comparing import Comparable
from cdr.admin.debug_logs import Logged
from cdr.admin.digits import SendsDigits
from cdr.admin.lists.exporting import Exported
from cdr.admin.lists.questions import Asking
from cdr.admin.lists.records import RecordAdmin
from cdr.admin.lists.saved_filters import Saved
from cdr.admin.site import console
from cdr.admin.tokens import TokenAdmin
from streams.models import Gateway

CAPABILITIES = (Comparable, Logged, Exported, Saved, Asking, Audited, SendsDigits, TokenAdmin)
ADMINS = {model: admin for model, admin in console._registry.items() if isinstance(admin, PageAdmin)}


class Rung(PageAdmin):
    def ring_view(self, request) -> None: ...

    def _doors(self, request, subject) -> list[Door]:
        return [Door(f"Ring {subject}", self.own_url("changelist"))]

    adds = Additions(pages=(OwnPage("ring", "ring/", ring_view),), doors={Where.RECORD: _doors}, actions=("ring_selected",))


class Painted(PageAdmin):
    def _doors(self, request, subject) -> list[Door]:
        return [Door(f"Paint {subject}", self.own_url("changelist"))]

    adds = Additions(doors={Where.RECORD: _doors, Where.BELOW: _doors}, actions=("paint_selected",))


class Both(Painted, Rung):
    pass


class BothAndItsOwn(Painted, Rung):
    adds = Additions(actions=("sell_selected",))


def test_an_admin_has_what_its_classes_declare_those_named_last_in_front() -> None:
    admin = BothAndItsOwn(Gateway, console)
    assert list(admin.actions or ()) == ["ring_selected", "paint_selected", "sell_selected"]
    assert [url.name for url in admin.get_urls()][0] == "streams_gateway_ring"
    assert admin.own_url("changelist") == reverse("admin:streams_gateway_changelist")


def test_what_is_declared_once_is_there_once() -> None:
    admin = Both(Gateway, console)
    assert list(admin.actions or ()) == ["ring_selected", "paint_selected"]
    assert [door.words for door in admin._doors(None, "it")] == ["Paint it"], "the methods have one name"
    assert [door.words for door in admin.doors(Where.RECORD, None, "it")] == ["Ring it", "Paint it"], "and both are asked"
    assert [door.words for door in admin.doors(Where.BELOW, None, "it")] == ["Paint it"]


def test_without_capabilities_django_decides() -> None:
    assert PageAdmin(Gateway, console).actions == ()
    assert RecordAdmin(Gateway, console).actions is None


@pytest.mark.parametrize(("one", "other"), list(combinations(CAPABILITIES, 2)))
def test_two_capabilities_have_no_method_of_one_name(one, other) -> None:
    """One would silently take the place of the other."""
    shared = vars(one).keys() & vars(other).keys()
    inherited = {name for base in RecordAdmin.__mro__ for name in vars(base)}
    assert not shared - inherited, "what the bases have, as __init__, each passes on"


@pytest.mark.parametrize("model", ADMINS)
def test_each_page_of_an_admin_has_an_address_and_a_name_of_its_own(model: type[Model]) -> None:
    names = Counter(url.name for url in ADMINS[model].get_urls() if url.name)
    routes = Counter(str(url.pattern) for url in ADMINS[model].get_urls())
    assert not [name for name, count in (names + routes).items() if count > 1]
    for adds in ADMINS[model].additions():
        assert {f"{ADMINS[model].section}_{page.name}" for page in adds.pages} <= names.keys()
