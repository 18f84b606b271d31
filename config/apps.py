"""The installation as an app, so that its management commands and its checks are found."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    label = "installation"

    def ready(self) -> None:
        from config import checks  # noqa: F401, PLC0415 - importing it registers the checks
