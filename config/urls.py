"""Which URL belongs to whom."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

from cdr import shared_log
from cdr.admin import console
from cdr.desk import desk
from cdr.desk.accepting import invitation_view

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", console.urls),
    path("desk/", desk.urls),
    re_path(r"^invitation/(?P<link>[\s\S]*)$", invitation_view),
    re_path(r"^shared/(?P<link>[\s\S]*)$", shared_log.log_view),
    path("v1/", include("cdr.api.urls")),
]

handler403, handler404 = "config.dead_ends.nothing_for_you", "config.dead_ends.nothing_here"
