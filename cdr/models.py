"""Charges and statements, the audit log, saved filters, exports, and `streams`' calls and streams under the names the console shows
(proxies, so that no foreign key points here), and so the failed sign-ins that django-axes counts.

Migrations name the functions that list a column's words (`streams.models.choices` says why)."""

from decimal import Decimal
from importlib import import_module
from typing import Any, NoReturn

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from cdr import alert_rows, closing_rows, invitation_rows, list_act_rows, member_rows, trial_call_rows  # noqa: F401 - Django looks here
from cdr.pure.acts import Act, permissions_of
from cdr.pure.retention import Kind
from cdr.pure.statement import Figures, figures_words
from streams.models import Account, Application, Call, Job, Stream
from streams.models.choices import Choices, choices_of
from streams.pure.scrubbing import scrubbed
from streams.sealed import SealedTextField

SEE_SECRETS = "Can see secrets in URLs (values of query parameters)"


class Statement(models.Model):
    """What an account owes for a month in one currency: closed, and from then on as it is. `ends_at` is excluded; `zone_name` is that of
    the account when it was closed. `sums`: its lines, as cdr.statements.stored writes them. `charged` is what streams came to, `corrected`
    what credits and corrections did."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="statements")
    currency = models.CharField(max_length=3)
    month = models.DateField(help_text="Its first day.")
    zone_name = models.CharField("time zone", max_length=64)
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField()
    streams = models.PositiveIntegerField()
    seconds = models.PositiveBigIntegerField("duration (s)")
    billed_seconds = models.PositiveBigIntegerField("rounded bill duration (s)")
    charged = models.DecimalField(max_digits=24, decimal_places=5)
    corrected = models.DecimalField(max_digits=24, decimal_places=5)
    sums = models.JSONField()
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=150)
    checked_at = models.DateTimeField(null=True, help_text="When it was last seen to agree with its charges, to the last digit.")

    class Meta:
        ordering = ("-closed_at", "-id")
        default_permissions = ("view",)
        permissions = [("close_statement", "Can close a statement"), ("correct_statement", "Can give credits and corrections")]
        constraints = [models.UniqueConstraint(fields=["account", "currency", "month"], name="statement_once")]

    def __str__(self) -> str:
        return f"{self.account}, {self.month:%B %Y}, {self.currency}"

    @property
    def amount(self) -> Decimal:
        return self.charged + self.corrected


class Adjustment(models.Model):
    """A credit (negative) or a correction of what an account owes, with its reason. Never changed: another one takes it back. `at`: to
    which month it belongs."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="adjustments")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=15, decimal_places=5)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="adjustments")

    class Meta:
        ordering = ("at", "pk")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.account}"


class MoneyCheck(models.Model):
    """One comparison of charges with streams and statements. `problems`: a sentence each; none: all agrees."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    charges = models.PositiveBigIntegerField(default=0)
    statements = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)

    class Meta:
        ordering = ("-pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"of {self.started_at:%Y-%m-%d %H:%M:%S} UTC"


class Charge(models.Model):
    """What one ended stream cost, with the price in force when it started. `seconds` is the duration rounded up to whole seconds."""

    stream = models.OneToOneField(Stream, on_delete=models.PROTECT, related_name="charge")
    seconds = models.PositiveIntegerField("duration (s)")
    billed_seconds = models.PositiveIntegerField("rounded bill duration (s)")
    rate = models.DecimalField(max_digits=12, decimal_places=5)
    interval_seconds = models.PositiveIntegerField()
    minimum_seconds = models.PositiveIntegerField(default=0, db_default=0)
    free_seconds = models.PositiveIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField("billed amount", max_digits=18, decimal_places=5)
    created_at = models.DateTimeField(auto_now_add=True)
    # What statements are made by, copied here so that a month of a million streams is read from one table.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="charges", db_index=False)
    application = models.ForeignKey(
        Application, on_delete=models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    ended_at = models.DateTimeField(null=True)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="charges", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="charge_newest"),
            models.Index(fields=["account", "ended_at"], name="charge_of_account"),
            models.Index(fields=["account", "currency", "ended_at"], condition=Q(statement=None), name="charge_in_no_statement"),
            models.Index(fields=["statement", "ended_at"], condition=Q(statement__isnull=False), name="charge_in_statement"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class CallDetail(Call):
    """A call as the console's CDR shows it."""

    class Meta:
        proxy = True
        verbose_name = "call"
        permissions = [*permissions_of("call"), ("see_numbers", "Can see whole phone numbers"), ("see_secrets", SEE_SECRETS)]
        ordering = ("-started_at", "-id")


class StreamDetail(Stream):
    """A stream as the console's CDR shows it."""

    class Meta:
        proxy = True
        verbose_name = "stream"
        permissions = [*permissions_of("stream"), ("hear_recordings", "Can listen to recordings")]
        ordering = ("-requested_at", "-id")


class HostDetail(Stream):
    """A stream as one of those that go to its host: what the console's pages of hosts are about."""

    class Meta:
        proxy = True
        verbose_name = "host"
        default_permissions = ()


class SavedFilter(models.Model):
    """A narrowed list under a name: the query of its address. `section` is the admin's name of the list, such as cdr_calldetail."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    section = models.CharField(max_length=50)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)
    shared = models.BooleanField(default=False, help_text="Everybody who sees the list sees it.")

    class Meta:
        ordering = ("name", "pk")
        constraints = [models.UniqueConstraint(fields=["owner", "section", "name"], name="saved_filter_name_once")]

    def __str__(self) -> str:
        return self.name


class LogLink(models.Model):
    """A link to a stream's debug log for somebody without a login, without that link: `key` stands in it beside a signature over what it
    may show (cdr.log_links), which is kept nowhere. `owner`: who made it, and whose permissions it needs for as long as it works."""

    key = models.CharField(max_length=16, unique=True)
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="log_links")
    # Without a constraint: a version of the platform that does not know this table may delete a user.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="log_links", db_constraint=False)
    made_by = models.CharField(max_length=150)
    made_for = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    whole_numbers = models.BooleanField()
    with_details = models.BooleanField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=150, blank=True)
    opened = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "link to a debug log"
        ordering = ("-id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk} of {self.stream.uuid}"


class OutsideIdentity(models.Model):
    """Who a user is at the identity provider: by its subject alone, which nobody chooses, never by a name or an e-mail address."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="outside_identity")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)

    class Meta:
        default_permissions = ()  # the console has no page of them
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="outside_identity_once")]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"


class ExportState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def export_states() -> Choices:
    return ExportState.choices


def export_formats() -> Choices:
    return [("csv", "CSV"), ("xlsx", "XLSX")]


class Export(Job):
    """A list written to a file for the person who asked. `rows_total` is None until it was counted."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports")
    section = models.CharField(max_length=50)
    query = models.CharField(max_length=2000, blank=True)
    format = models.CharField(max_length=4, choices=export_formats)
    state = models.CharField(max_length=10, choices=export_states, default=ExportState.WAITING)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    totals = models.JSONField(default=dict, db_default={}, help_text="By currency, of what was written: as cdr.pure.statement's Figures.")
    accounts = models.JSONField(
        default=list, db_default=[], help_text="Keys of those whose rows alone it may hold; none: whoever may see the list."
    )
    whole_numbers = models.BooleanField(null=True, help_text="Whether the file has them; empty: by a version that did not say.")
    secrets = models.BooleanField(null=True, help_text="The same of those of URLs.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.section} as {self.format}"

    @property
    def totals_words(self) -> str:
        """`3 streams charged, 182 s, rounded 240 s, 0.01200 USD; ...`."""
        return "; ".join(figures_words(currency, Figures(*figures)) for currency, figures in sorted(self.totals.items()))


class UrlTestState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


def url_test_states() -> Choices:
    return UrlTestState.choices


class UrlTest(Job):
    """A test of a service URL that a person asked for. `report` is what the service did, of a finished one.
    `call_id` and `stream_id` are what the service saw: there is no such call. `of_stream`: whose URL was filled in. Nothing it names
    is kept from being deleted by it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="url_tests")
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="url_tests")
    of_stream = models.ForeignKey(Stream, on_delete=models.SET_NULL, null=True, related_name="url_tests")
    url = models.CharField("service URL", max_length=2048)
    content_type = models.CharField(max_length=40)
    call_id = models.UUIDField()
    stream_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=url_test_states, default=UrlTestState.WAITING)
    report = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "URL test"
        ordering = ("-id",)
        default_permissions = ()
        permissions = [("test_service_url", "Can test a service URL")]

    def __str__(self) -> str:
        return scrubbed(self.url)[:100]


def retention_kinds() -> Choices:
    return choices_of(Kind)


class RetentionMark(models.Model):
    """How far retention has come with one kind of an account: nothing of it is left in calls that ended before `done_until`."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="retention_marks")
    kind = models.CharField(max_length=10, choices=retention_kinds)
    done_until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="retention_mark_once")]

    def __str__(self) -> str:
        return f"{self.account}: {self.kind} until {self.done_until}"


class RetentionRun(Job):
    """One round of retention over all accounts, with `started_at` as its now. A worker does a part of it at a time, and gives it back.
    `counts`: calls by account and kind. `terms`: the installation's days at that time."""

    started_at = models.DateTimeField()
    unfinished = models.BooleanField(null=True, default=True, unique=True, help_text="True or nothing: one is under way at most.")
    counts = models.JSONField(default=dict)
    terms = models.JSONField(default=dict)

    class Meta:
        verbose_name = "retention run"
        verbose_name_plural = "retention"
        ordering = ("-id",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"of {self.started_at:%Y-%m-%d %H:%M:%S} UTC"


class Unchangeable(TypeError):
    """An entry of the audit log is written once."""


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows that are added and read."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise Unchangeable("The audit log is only added to: its entries are not changed.")

    def delete(self) -> NoReturn:
        raise Unchangeable("The audit log is only added to: its entries are not deleted.")


def audit_acts() -> Choices:
    return choices_of(Act)


class AuditEntry(models.Model):
    """One act of a person in the console. Names rather than foreign keys: it outlives whom and what it names."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=150, help_text="The user's name at that time.")
    address = models.GenericIPAddressField(null=True, help_text="Where the request came from.")
    act = models.CharField(max_length=20, choices=audit_acts)
    kind = models.CharField(max_length=30, help_text="What it was done to: a call, a stream, an account ...")
    subject = models.CharField(max_length=200, help_text="Which one: its UUID or its name.")
    details = models.JSONField(default=dict, help_text="For a change: {field: [old, new]}, secrets hidden.")

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        ordering = ("-id",)
        indexes = [models.Index(fields=["-at"], name="audit_newest"), models.Index(fields=["subject"], name="audit_subject")]

    def __str__(self) -> str:
        return f"{self.by}: {self.act} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Unchangeable("The audit log is only added to: its entries are not changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unchangeable("The audit log is only added to: its entries are not deleted.")


class AuthenticatorApp(TOTPDevice):
    """An app that makes the codes of a second factor. django-otp's row without its key, which is sealed here."""

    sealed_key = SealedTextField(help_text="Hexadecimal, as django-otp has it.")

    class Meta:
        default_permissions = ()

    @property
    def bin_key(self) -> bytes:
        """What django-otp reckons with."""
        return bytes.fromhex(self.sealed_key)

    def save(self, **kwargs: Any) -> None:
        if self._state.adding:
            self.key, self.sealed_key = "", self.sealed_key or default_key()
        super().save(**kwargs)


class FailedSignIn(AccessAttempt):
    """How often it failed with one name from one address, and when the last time was."""

    class Meta:
        proxy = True
        verbose_name = "failed sign-in"
        default_permissions = ("view",)
        permissions = [("lift_lock", "Can lift a lock after failed sign-ins")]
        ordering = ("-attempt_time", "-id")

    def __str__(self) -> str:
        return f"{self.username} from {self.ip_address}"


class ConsoleSession(AbstractBaseSession):
    """A session of the console, with whose it is and where it was used last. `begun_at`: when its user signed in; nothing of somebody who
    has not."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="console_sessions", db_constraint=False
    )
    begun_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=200, blank=True, help_text="What the browser says it is.")

    class Meta:
        verbose_name = "session"
        default_permissions = ()

    def __str__(self) -> str:
        """Never its key, which opens the console."""
        return f"session begun {self.begun_at:%Y-%m-%d %H:%M} UTC" if self.begun_at else "session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore
