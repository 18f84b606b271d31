"""What an admin has beside Django's own pages: more pages, the doors that lead to them, the actions of its list. Each class an admin is
made of declares its part in `adds`, and PageAdmin gathers the parts.

So a capability (cdr.admin.comparing, cdr.admin.lists.exporting ...) is a class that stands beside others and knows none of them. Must not
know which capabilities or records there are."""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from types import MethodType
from typing import Any, ClassVar, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse

from cdr.admin.entry.confirming import confirm_first
from cdr.admin.understood import ListAdmin

ABBREVIATED = re.compile(r"\b(id|url|uuid|xml)\b")
Context = dict[str, object]
"""What a template is rendered with."""


class OwnPage(NamedTuple):
    """A page below the address of its section: `route` is the rest of the address, `view` a method of the class that declares it. Its
    URL has the name of the section, and `name` after it: admin:cdr_calldetail_debug_log."""

    name: str
    route: str
    view: Callable[..., HttpResponseBase]
    arguments: Mapping[str, str] = {}


class Door(NamedTuple):
    """A way from a page to what can be done from there. `bad`: it ends or removes something. `sends`: in the bar of a list, what its
    filters say goes along, also what was not shown yet."""

    words: str
    address: str
    bad: bool = False
    sends: bool = False


class Where(Enum):
    """Where on a page a door stands; said beside each: what its doors are asked of."""

    LIST = "in the bar above a list: the RecordList"
    NARROWED = "beside the filters that are in force: the RecordList"
    RECORD = "beside the title of a record's page: what the page shows of it"
    BELOW = "below a record: what the page shows of it"
    LOG = "beside the title of a debug log: whose log it is"


class Additions(NamedTuple):
    """What one class adds. `doors`: by place a method that is given the request and what the place is about, and tells the doors that
    this reader has now. `actions`: names of methods, as Django's `actions`."""

    pages: tuple[OwnPage, ...] = ()
    doors: Mapping[Where, Callable[[Any, HttpRequest, Any], Iterable[Door]]] = {}
    actions: tuple[str, ...] = ()


class PageAdmin(ListAdmin):
    """With the pages, doors and actions that its classes add, those of the class named last in front and its own at the end."""

    adds: ClassVar[Additions] = Additions()
    change_form_template = "admin/cdr/with_doors.html"

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        added = [name for adds in self.additions() for name in adds.actions]
        self.actions = [*added, *(self.actions or ())] or self.actions

    @classmethod
    def additions(cls) -> list[Additions]:
        """Of each class by itself: none repeats what another one adds."""
        return [vars(one)["adds"] for one in reversed(cls.__mro__) if "adds" in vars(one)]

    @property
    def section(self) -> str:
        """What the names of its URLs begin with."""
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def get_urls(self) -> list[URLPattern]:
        return [*(self._url(page) for adds in self.additions() for page in adds.pages), *super().get_urls()]

    def _url(self, page: OwnPage) -> URLPattern:
        view = self.admin_site.admin_view(MethodType(page.view, self))
        return path(page.route, view, dict(page.arguments), name=f"{self.section}_{page.name}")

    def own_url(self, page: str, *keys: object) -> str:
        """Of one of its own pages, or of Django's: "changelist", "change"."""
        return self.site_url(f"{self.section}_{page}", *keys)

    def site_url(self, page: str, *keys: object) -> str:
        """Of any page of the site that this is an admin of: the console's, or the desk's."""
        return reverse(f"admin:{page}", args=keys, current_app=self.admin_site.name)

    def doors(self, where: Where, request: HttpRequest, subject: object) -> list[Door]:
        return [door for adds in self.additions() if where in adds.doors for door in adds.doors[where](self, request, subject)]

    def require_view_permission(self, request: HttpRequest) -> None:
        """For pages that Django's own checks do not cover. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied

    def after_confirming(self, request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
        """What `act` answers, once it is certain that its user sits before the browser. Ask who may before."""
        return confirm_first(request, act, self.admin_site.each_context(request))

    def page_context(self, request: HttpRequest, title: str, **content: object) -> Context:
        """What every page of ours is rendered with."""
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **content}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        """What a row points at is made and changed on its own page: no signs for that beside the field. "Auth id" is "Auth ID"."""
        field: Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and field.label:
            field.label = ABBREVIATED.sub(lambda word: word[0].upper(), str(field.label))
        for ability in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if field is not None and hasattr(field.widget, ability):
                setattr(field.widget, ability, False)
        return field

    def render_change_form(  # noqa: PLR0917 - Django's
        self, request: HttpRequest, context: Context, add: bool = False, change: bool = False, form_url: str = "", obj: Model | None = None
    ) -> HttpResponse:
        """Django's form of a row, with the doors of its page, and one button that saves."""
        context["doors"] = self.doors(Where.RECORD, request, obj) if obj else []
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, add, change, form_url, obj)
