"""The API where it is mounted."""

from django.urls import include, path

urlpatterns = [path("v1/", include("cdr.api.urls"))]
