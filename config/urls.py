"""Which URL belongs to whom."""

from django.urls import include, path
from django.views.generic import RedirectView

from cdr.admin.site import console

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", console.urls),
    path("v1/", include("cdr.api.urls")),
]
