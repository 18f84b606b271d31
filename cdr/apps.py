"""The cdr app: connects the ledger to the end of a stream."""

from django.apps import AppConfig


class CdrConfig(AppConfig):
    name = "cdr"
    verbose_name = "CDR"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415 - as below

        from cdr import receivers  # noqa: PLC0415 - signals are connected once the models are loaded
        from cdr.sign_in import sessions  # noqa: PLC0415 - as above

        receivers.connect()
        user_logged_in.connect(sessions.note_sign_in, dispatch_uid="cdr.sign_in.sessions")
