"""The permissions of a user or a group as boxes to tick, by the section of the console and by the thing that they are about.

Owns how they are laid out and named. Which of them somebody may give is cdr.admin.ranks' rule. (Django's generic classes take no parameters
at run time: hence the ignored type-arg.)"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.models import Permission
from django.forms.models import ModelChoiceIterator
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from cdr.admin.site import SECTIONS

BESIDE = {"Calls": ("CallbackAttempt", "Export", "SavedFilter"), "Money": ("Charge", "Rate"), "Tenants": ("Membership",)}
"""What has no list, and stands on the pages of what has one."""
PLACES = {name: (place, section) for place, (section, names) in enumerate(SECTIONS) for name in (*names, *BESIDE.get(section, ()))}
BEHIND = (len(SECTIONS), "On no page")
VERBS = {"view": "See", "add": "Add", "change": "Change", "delete": "Delete"}


class Thing(NamedTuple):
    """What permissions are about: a kind of rows, and the section where they are listed."""

    place: int
    section: str
    name: str
    key: str


class SectionOfBoxes(NamedTuple):
    """A section's things with their boxes. `folded`: it is unfolded by who wants it; then `ticked` says how many it hides."""

    name: str
    things: list[tuple[Thing, list[dict[str, Any]]]]
    folded: bool
    ticked: int


class Word(NamedTuple):
    """A permission's label. `of`: heard and not seen, as it stands before all of the thing's boxes."""

    seen: str
    of: str = ""


class ByThing(ModelChoiceIterator):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        found: dict[Thing, list[Permission]] = {}
        for permission in self.queryset.select_related("content_type"):
            found.setdefault(thing_of(permission), []).append(permission)
        for thing in sorted(found):
            given = sorted(found[thing], key=lambda one: (_rank(one), one.name))
            yield thing, [(self.field.prepare_value(one), word_of(one, thing)) for one in given]


class TickedPermissions(forms.CheckboxSelectMultiple):
    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """By our own template: Django's has no place for sections, and its groups have no name that is heard."""
        context = self.get_context(name, value, attrs)
        return render_to_string("admin/cdr/_permissions.html", {**context, "sections": _sections(context["widget"]["optgroups"])})


class PermissionField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    widget = TickedPermissions
    iterator = ByThing


def thing_of(permission: Permission) -> Thing:
    kind = permission.content_type
    model = kind.model_class()
    place, section = PLACES.get(model.__name__, BEHIND) if model else BEHIND
    name = str(model._meta.verbose_name_plural) if model else kind.model
    return Thing(place, section, capfirst(name), f"{kind.app_label}.{kind.model}")


def word_of(permission: Permission, thing: Thing) -> Word:
    """Of the four that every kind of rows has the verb; of the others the name under which the manual has them."""
    verb = _verb(permission)
    return Word(VERBS[verb], thing.name) if verb else Word(permission.name)


def _sections(groups: list[tuple[Thing, list[dict[str, Any]], int]]) -> list[SectionOfBoxes]:
    found: dict[str, list[tuple[Thing, list[dict[str, Any]]]]] = {}
    for thing, options, _ in groups:
        found.setdefault(thing.section, []).append((thing, options))
    ticked = {name: sum(option["selected"] for _, options in things for option in options) for name, things in found.items()}
    return [SectionOfBoxes(name, things, name == BEHIND[1], ticked[name]) for name, things in found.items()]


def _rank(permission: Permission) -> int:
    verb = _verb(permission)
    return list(VERBS).index(verb) if verb else len(VERBS)


def _verb(permission: Permission) -> str:
    verb, _, model = permission.codename.partition("_")
    return verb if verb in VERBS and model == permission.content_type.model else ""
