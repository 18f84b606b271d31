"""The cdr app: connects the ledger to the end of a stream."""

from django.apps import AppConfig


class CdrConfig(AppConfig):
    name = "cdr"
    verbose_name = "CDR"

    def ready(self) -> None:
        from cdr import receivers  # noqa: PLC0415 - signals are connected once the models are loaded

        receivers.connect()
