"""Accounts, what they do with calls (Application) and who may bring them (Gateway).

Owns their columns and the gateway password check. Must not know calls."""

import hashlib
import hmac
import secrets
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from streams.models.choices import gateway_dialects, recorded_parts
from streams.pure.lifecycle import RecordedPart
from streams.pure.number_key import is_country
from streams.pure.price import currency_problem
from streams.pure.time_zone import known_zone, zone
from streams.sealed import SealedTextField

auth_id_validator = RegexValidator(
    r"^(MA|SA)[A-Z0-9]{18}\Z", "An auth id is 20 characters: MA (account) or SA (subaccount), then 18 capital letters or digits."
)
gateway_name_validator = RegexValidator(
    r"^[a-z0-9][a-z0-9._-]{0,62}\Z",
    "A gateway's name stands in its URL: small letters, digits, '.', '_' and '-', at most 63, a letter or digit first.",
)


def time_zone_validator(name: str) -> None:
    try:
        zone(name)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def currency_validator(code: str) -> None:
    if problem := currency_problem(code):
        raise ValidationError(problem)


def country_validator(code: str) -> None:
    if not is_country(code):
        raise ValidationError("A country is two capital letters (ISO 3166-1) with telephone numbers of its own, such as GB.")


RETENTION_HELP = "Days after the end of a call. Empty: what the installation sets. 0: for ever. What was removed cannot be brought back."

SPENDING = [MinValueValidator(Decimal("0.00001")), MaxValueValidator(Decimal("9999999999.99999"))]
SPENDING_HELP = "When so much is spent in a month of the account's time zone, the console and alerts say so. Empty: never."

GATEWAY_LIMIT_HELP = "Of this gateway alone, beside what its account may have. Empty: only the account's limit."


def new_auth_id() -> str:
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    return "MA" + "".join(secrets.choice(alphabet) for _ in range(18))


def new_auth_token() -> str:
    return secrets.token_urlsafe(30)


class Account(models.Model):
    """A tenant. What its streams cost is in streams.models.rates."""

    name = models.CharField(max_length=100, unique=True)
    auth_id = models.CharField(max_length=20, unique=True, default=new_auth_id, validators=[auth_id_validator])
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        db_default="UTC",
        validators=[time_zone_validator],
        help_text="Where the customer's days and months begin, such as Europe/Berlin: for statements, and rates from a day on.",
    )
    closed_until = models.DateTimeField(null=True, editable=False, help_text="Statements up to then are closed.")
    country = models.CharField(
        max_length=2,
        blank=True,
        validators=[country_validator],
        help_text="Two capital letters, such as GB. Calls are found by it: numbers without a country code are read as that country's.",
    )
    concurrent_calls_limit = models.PositiveIntegerField(
        default=500,
        validators=[MaxValueValidator(1_000_000)],
        help_text="At most this many live calls at once; one more is hung up with the cause 1030.",
    )
    concurrent_streams_limit = models.PositiveIntegerField(
        default=500,
        validators=[MaxValueValidator(1_000_000)],
        help_text="At most this many live streams at once. The API refuses to start more; of an answer's XML the rest is left out, and "
        "a call without any is hung up with the cause 1040.",
    )
    spending_warn_at = models.DecimalField(
        "warn at (a month)", max_digits=15, decimal_places=5, null=True, blank=True, validators=SPENDING, help_text=SPENDING_HELP
    )
    spending_stop_at = models.DecimalField(
        "stop at (a month)",
        max_digits=15,
        decimal_places=5,
        null=True,
        blank=True,
        validators=SPENDING,
        help_text="When so much is spent, no new stream is begun until the month is over or the limit is raised: the API answers 402, and "
        "a call whose answer asks for streams is hung up with the cause 1050. What streams already goes on. Empty: no limit.",
    )
    spending_currency = models.CharField(
        "currency of the limits",
        max_length=3,
        default="USD",
        db_default="USD",
        validators=[currency_validator],
        help_text="What is spent in another one does not count.",
    )
    spending_warned_at = models.DateTimeField(null=True, editable=False, help_text="Since when as much is spent as is warned at.")
    spending_stopped_at = models.DateTimeField(null=True, editable=False, help_text="Since when no stream is begun.")
    stream_starts_per_second = models.PositiveIntegerField(
        default=10, validators=[MaxValueValidator(10_000)], help_text="At most this many starts through the API in one second."
    )
    callback_style = models.CharField(
        max_length=1,
        choices=[("A", "A: StartStream, StopStream ..."), ("B", "B: started, stopped, failed")],
        default="A",
        help_text="Which of the two documented forms status callbacks have.",
    )
    fill_silence = models.BooleanField(
        "fill silence",
        default=True,
        help_text="While a gateway brings no audio (hold, silence suppression), streams get silence at real time. Off: they get nothing "
        "until audio comes again.",
    )
    goodbye_seconds = models.PositiveSmallIntegerField(
        "play last words (s)",
        default=10,
        validators=[MaxValueValidator(60)],
        help_text="What a service had sent before it closed its socket is still played, for at most so many seconds, before the call is "
        "hung up or goes on. 0: silence at once.",
    )
    play_failed_messages = models.BooleanField(
        "send playFailed",
        default=True,
        help_text="Tell services on their socket what of their audio is not played, and why. The published stream SDK does not know the "
        "message and hands a ValueError to on_error. Off: only the debug log tells.",
    )
    measure_turns = models.BooleanField(
        "measure turns",
        default=True,
        db_default=True,
        help_text="Of streams whose service may speak to the call: when the caller and the service spoke, how soon it answered, who "
        "interrupted whom. Nothing of the audio is kept. Off: none of it is measured.",
    )
    playback_callbacks = models.BooleanField(default=False, help_text="Also send PlayedStream and ClearedAudio callbacks.")
    retain_numbers_days = models.PositiveIntegerField(
        "keep phone numbers (days)", null=True, blank=True, validators=[MaxValueValidator(36_500)], help_text=RETENTION_HELP
    )
    retain_payloads_days = models.PositiveIntegerField(
        "keep payloads (days)", null=True, blank=True, validators=[MaxValueValidator(36_500)], help_text=RETENTION_HELP
    )
    retain_events_days = models.PositiveIntegerField(
        "keep debug events (days)", null=True, blank=True, validators=[MaxValueValidator(36_500)], help_text=RETENTION_HELP
    )
    retain_recordings_days = models.PositiveIntegerField(
        "keep recordings (days)",
        null=True,
        blank=True,
        validators=[MaxValueValidator(36_500)],
        help_text="Days after a recording was begun; of applications that have streams recorded. Empty: what the installation sets. "
        "0: for ever. What was removed cannot be brought back.",
    )
    customers_listen = models.BooleanField(
        "customers may listen",
        default=False,
        db_default=False,
        help_text="Recordings of its streams can be heard at the customers' desk and fetched through its API. Off: in this console only.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        permissions = [("rotate_token", "Can make and revoke an account's auth tokens")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.spending_warn_at and self.spending_stop_at and self.spending_warn_at > self.spending_stop_at:
            raise ValidationError({"spending_warn_at": "Warn at no more than streams are stopped at, or nobody is warned."})

    @property
    def zone_name(self) -> str:
        """Its time zone, as far as this machine knows it."""
        return known_zone(self.time_zone)


class Application(models.Model):
    """What an account does with a call: an answer URL that returns XML, or the XML itself. Exactly one of the two."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="applications")
    name = models.CharField(max_length=100)
    answer_url = models.CharField(max_length=2048, blank=True, help_text="Fetched for each call; returns XML with <Stream> elements.")
    answer_method = models.CharField(max_length=4, choices=[("POST", "POST"), ("GET", "GET")], default="POST")
    # Sealed, because extra headers and URLs in it carry customers' secrets.
    answer_xml = SealedTextField(blank=True, help_text="The XML itself, instead of an answer URL.")
    conversation_callbacks = models.BooleanField(
        "send ConversationEnded",
        default=False,
        db_default=False,
        help_text="One more status callback at the end of a stream whose conversation was measured, with its turns and response times.",
    )
    record = models.CharField(
        "record streams",
        max_length=5,
        choices=recorded_parts,
        default="off",
        db_default="off",
        help_text="Keep what streams heard and what was played to their calls, to be listened to. Nothing is kept unless callers consent.",
    )
    record_seconds = models.PositiveSmallIntegerField(
        "seconds of the end",
        default=60,
        db_default=60,
        validators=[MinValueValidator(5), MaxValueValidator(120)],
        help_text="How much is kept where only the end of streams is recorded: 5 to 120.",
    )
    callers_consent = models.BooleanField(
        "callers consent",
        default=False,
        db_default=False,
        help_text="The application sees to it that callers know of the recording and agree to it. Without this nothing is recorded.",
    )

    class Meta:
        ordering = ("account", "name")
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="application_name_once_per_account")]

    def __str__(self) -> str:
        return f"{self.account}: {self.name}"

    def clean(self) -> None:
        if bool(self.answer_url) == bool(self.answer_xml.strip()):
            raise ValidationError("Give either an answer URL or the answer XML, not both and not neither.")
        if self.record != RecordedPart.OFF and not self.callers_consent:
            words = "Streams are recorded only where callers consent: see to it that they are asked, and say so here, or record nothing."
            raise ValidationError({"callers_consent": words})


class Gateway(models.Model):
    """A media gateway that may connect to /gateway/<dialect>/<name>/ with Basic auth `name:password`, or with the signature of its
    `signing_token`, which is sealed and not a digest because it is the key of that signature."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="gateways")
    name = models.CharField(max_length=63, unique=True, validators=[gateway_name_validator])
    dialect = models.CharField(max_length=30, choices=gateway_dialects, default="asterisk")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="gateways", help_text="Where this gateway's calls go."
    )
    password_digest = models.CharField(max_length=200, editable=False)
    signing_token = SealedTextField(
        blank=True, help_text="Twilio's auth token. Calls are then authenticated by their signature, without a password."
    )
    concurrent_calls_limit = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(1_000_000)], help_text=GATEWAY_LIMIT_HELP
    )
    concurrent_streams_limit = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(1_000_000)], help_text=GATEWAY_LIMIT_HELP
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.application_id and self.account_id and self.application.account_id != self.account_id:
            raise ValidationError({"application": "The application belongs to another account."})

    def set_password(self, password: str) -> None:
        salt = secrets.token_hex(8)
        self.password_digest = f"sha256${salt}${password_digest(salt, password)}"

    def check_password(self, password: str) -> bool:
        return password_matches(self.password_digest, password)


def password_digest(salt: str, password: str) -> str:
    return hashlib.sha256(f"{salt}:{password}".encode()).hexdigest()


def password_matches(stored: str, password: str) -> bool:
    """Constant-time, on bytes. A salted SHA-256 rather than a slow hash, because it is checked on the event loop before a
    call is accepted; so a gateway's password has to be long and machine-made (docs/decisions)."""
    _, salt, digest = (stored or "sha256$$").split("$")
    return hmac.compare_digest(digest.encode(), password_digest(salt, password).encode())
