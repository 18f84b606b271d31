"""Brings the rows of accounts, applications and gateways to what a provisioning file says: all of it, or with one problem nothing.

Owns how an entry finds its row and what may change on it. Must not know the file's syntax, or who asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils import timezone

from streams import tokens
from streams.database_clock import database_now
from streams.models import Account, Application, Gateway, RateCard
from streams.models.choices import gateway_dialects
from streams.pure.callback.auth_tokens import counts
from streams.pure.customer.answer_xml import InvalidAnswer, parse
from streams.pure.customer.service_url import HTTP_SCHEMES, url_problem
from streams.pure.lifecycle import RecordedPart
from streams.pure.provision_file import AccountEntry, CardEntry, FileEntry, FileProblem, at, meant, read_file
from streams.pure.secret_strength import Secret, secret_problem
from streams.rate_plans import Change, RatePlans
from streams.signals import account_planned, provisioned

ProvisionedRow = Account | Application | Gateway | RateCard
ACCOUNT_COLUMNS = {
    "name": "name",
    "auth_id": "auth_id",
    "time_zone": "time_zone",
    "spending_warn_at": "spending_warn_at",
    "spending_stop_at": "spending_stop_at",
    "spending_currency": "spending_currency",
    "country": "country",
    "fill_silence": "fill_silence",
    "goodbye_seconds": "goodbye_seconds",
    "concurrent_calls_limit": "concurrent_calls_limit",
    "concurrent_streams_limit": "concurrent_streams_limit",
    "play_failed_messages": "play_failed_messages",
    "measure_turns": "measure_turns",
    "customers_listen": "customers_listen",
    "retain_recordings_days": "retain_recordings_days",
}
KEYS = {column: key for key, column in ACCOUNT_COLUMNS.items()}
APPLICATION_COLUMNS = ("conversation_callbacks", "record_seconds", "callers_consent")
"""Of an application, what is taken as it stands."""
METHODS = ("POST", "GET")
LONGEST_TOKEN = 100
WRITTEN_BY = "provisioning file"
HIDDEN, SECRETS = "(hidden)", ("signing_token",)
DIALECTS = [name for name, _ in gateway_dialects()]


class InvalidFile(Exception):
    """Nothing was written; `problems` is everything that is wrong with the file."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.order)
        super().__init__("\n".join(map(str, self.problems)))


class ProvisionOutcome(NamedTuple):
    """`warnings` name what of an answer XML is not carried out."""

    changes: list[Change]
    warnings: list[FileProblem]


def provision(document: bytes) -> ProvisionOutcome:
    """Applies the file in one transaction. Raises InvalidFile."""
    file = read_file(document)
    with transaction.atomic():
        plan = Plan(file.problems)
        for card in file.cards:
            plan.add_card(card)
        for entry in file.accounts:
            plan.add_account(entry)
        if plan.problems:
            raise InvalidFile(plan.problems)
        changes = [planned.save() for planned in plan.planned] + plan.rates.save(WRITTEN_BY)
        changes += [change for done in plan.afterwards for change in done()]
        provisioned.send(sender=Account, changes=[change for change in changes if change.action != "left"])
        return ProvisionOutcome(changes, plan.warnings)


@dataclass
class ProvisionPlan:
    """A row as it will be, and the keys of the file that differ from the row as it is."""

    row: ProvisionedRow
    what: str
    changed: list[str] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict, repr=False)
    """By key of the file: what it was, and what it is."""
    token: str = field(default="", repr=False)
    """Of an account: the new main token."""

    @property
    def is_new(self) -> bool:
        return self.row._state.adding

    def set(self, key: str, column: str, value: Any) -> None:
        before = getattr(self.row, column, None)
        if before != value:
            setattr(self.row, column, value)
            self.changed.append(key)
            self.values[key] = [None, HIDDEN] if key in SECRETS else [None if self.is_new else before, value]

    def save(self) -> Change:
        is_new = self.is_new
        if is_new or self.changed:
            self.row.save()
            self.values |= {key: [None, HIDDEN] for key in self.changed if key not in self.values}
        if self.token and isinstance(self.row, Account):
            tokens.replace_main(self.row, self.token, WRITTEN_BY, timezone.now())
        action = "created" if is_new else "changed" if self.changed else "left"
        return Change(action, self.what, () if is_new else tuple(self.changed), self.row, self.values)


class Plan:
    """What will be saved, in order, and what is wrong. `afterwards`: what others do once all of it is saved, and what that changed."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = list(problems)
        self.warnings: list[FileProblem] = []
        self.planned: list[ProvisionPlan] = []
        self.afterwards: list[Callable[[], list[Change]]] = []
        self.rates = RatePlans(self.problem, database_now())

    def problem(self, place: str, words: str) -> None:
        self.problems.append(FileProblem(place, words))

    def plan(self, row: ProvisionedRow, what: str) -> ProvisionPlan:
        self.planned.append(ProvisionPlan(row, what))
        return self.planned[-1]

    def check(self, row: ProvisionedRow, entry: FileEntry, exclude: Sequence[str]) -> None:
        """The row's own validators; what they say is put at the key of the file, unless the key's absence is a problem already."""
        known = {problem.place for problem in self.problems}
        try:
            row.full_clean(exclude=exclude, validate_constraints=False)
        except ValidationError as error:
            for column, words in error.message_dict.items():
                key = KEYS.get(column, column)
                where = entry.place if column == NON_FIELD_ERRORS else at(entry.place, key)
                if key in entry.values or where not in known:
                    self.problem(where, " ".join(words))

    def check_secret(self, kind: Secret, secret: str, place: str, *known: str) -> None:
        """Of a new one: one that is in force already stays, so that the same file again changes nothing."""
        if problem := secret_problem(kind, secret, known):
            self.problem(place, f"is too weak. {problem}")

    # Rate cards --------------------------------------------------------------------------------------------------------------
    def add_card(self, entry: CardEntry) -> None:
        name = entry.values.get("name", "")
        card = RateCard.objects.filter(name=name).first() or RateCard(name=name)
        self.plan(card, f"rate card {name}")
        self.check(card, entry, exclude=[])
        self.rates.know(card)
        self.rates.add_dated(card, entry.rates)

    # Accounts ----------------------------------------------------------------------------------------------------------------
    def add_account(self, entry: AccountEntry) -> None:
        account = self.account_of(entry)
        planned = self.plan(account, f"account {entry.values.get('name', '')}")
        self.set_token(planned, account, entry)
        for key, column in ACCOUNT_COLUMNS.items():
            if key in entry.values:
                planned.set(key, column, entry.values[key])
        self.check(account, entry, exclude=[])
        if priced := self.rates.add_present(account, entry):
            planned.changed += priced
            planned.values |= priced
        self.rates.add_dated(account, entry.rates)
        applications = {application.name: application for application in account.applications.all()} if account.pk else {}
        for item in entry.applications:
            self.add_application(account, applications, item)
        for item in entry.gateways:
            self.add_gateway(account, applications, item)
        account_planned.send(sender=Account, account=account, entry=entry, plan=self)

    def set_token(self, planned: ProvisionPlan, account: Account, entry: AccountEntry) -> None:
        """The file's token is the account's main one. A file from before its end must not bring a token back."""
        secret, place = entry.values.get("auth_token", ""), at(entry.place, "auth_token")
        known = tokens.known_as(account, secret) if secret else None
        if known is not None and not counts(known.ends_at, timezone.now()):
            self.problem(place, "is a token that was revoked. Write its successor, or leave the key out: then the account's tokens stay.")
        elif known is not None and known.ends_at is not None:
            words = f"is being revoked and counts until {known.ends_at:%Y-%m-%d %H:%M} UTC: write its successor before."
            self.warnings.append(FileProblem(place, words))
        elif len(secret) > LONGEST_TOKEN:
            self.problem(place, f"has {len(secret)} characters; a token has at most {LONGEST_TOKEN}.")
        elif secret and known is None:
            self.check_secret(Secret.AUTH_TOKEN, secret, place, entry.values.get("name", ""), account.auth_id)
            planned.token = secret
            planned.changed.append("auth_token")
        elif planned.is_new and "auth_token" not in entry.values:
            words = "is missing: the account has no auth token until one is made in the console, so its API lets nobody in."
            self.warnings.append(FileProblem(place, words))
        elif not secret and "auth_token" in entry.values:
            self.problem(place, "is empty. Write a token, long and made by a machine, or leave the key out.")

    def account_of(self, entry: AccountEntry) -> Account:
        """An account is known by its auth id where the file gives one, else by its name."""
        auth_id, name = entry.values.get("auth_id"), entry.values.get("name")
        accounts = Account.objects.select_for_update(no_key=True)
        by_id = accounts.filter(auth_id=auth_id).first() if auth_id else None
        by_name = accounts.filter(name=name).first() if by_id is None else None
        if by_name is not None and auth_id:
            self.problem(at(entry.place, "auth_id"), f"cannot be changed: the account {name!r} has the auth id {by_name.auth_id}.")
        return by_id or by_name or Account()

    # Applications --------------------------------------------------------------------------------------------------------------
    def add_application(self, account: Account, applications: dict[str, Application], entry: FileEntry) -> None:
        name = entry.values.get("name", "")
        application = applications.setdefault(name, Application(account=account, name=name))
        planned = self.plan(application, f"application {account.name}: {name}")
        self.set_answer(planned, entry)
        self.set_method(planned, entry)
        self.set_recorded_part(planned, entry)
        for key in APPLICATION_COLUMNS:
            if key in entry.values:
                planned.set(key, key, entry.values[key])
        self.check_answer(application, entry.place)
        self.check(application, entry, exclude=["account"])

    def set_answer(self, planned: ProvisionPlan, entry: FileEntry) -> None:
        answers = {key: entry.values[key] for key in ("answer_url", "answer_xml") if key in entry.values}
        if len(answers) == 1 and all(answers.values()):
            # One of the two replaces the other.
            answers = {"answer_url": "", "answer_xml": "", **answers}
        for key, value in answers.items():
            planned.set(key, key, value)

    def set_method(self, planned: ProvisionPlan, entry: FileEntry) -> None:
        method = entry.values.get("answer_method", "").upper()
        if method in METHODS:
            planned.set("answer_method", "answer_method", method)
        elif method:
            self.problem(at(entry.place, "answer_method"), f"is {method!r}; it has to be {' or '.join(METHODS)}.")

    def set_recorded_part(self, planned: ProvisionPlan, entry: FileEntry) -> None:
        part = entry.values.get("record")
        if part is not None and part not in set(RecordedPart):
            self.problem(at(entry.place, "record"), f"is {part!r}; it has to be {', '.join(RecordedPart)}.")
        elif part is not None:
            planned.set("record", "record", part)

    def check_answer(self, application: Application, place: str) -> None:
        if application.answer_url and (problem := url_problem(application.answer_url, HTTP_SCHEMES)):
            self.problem(at(place, "answer_url"), f"{problem}.")
        if application.answer_xml.strip():
            self.check_xml(application.answer_xml, at(place, "answer_xml"))

    def check_xml(self, document: str, place: str) -> None:
        try:
            answer = parse(document.encode())
        except InvalidAnswer as error:
            self.problem(place, f"{error.problem} ({error.place})")
        else:
            self.warnings += [FileProblem(place, warning) for warning in answer.warnings]

    # Gateways --------------------------------------------------------------------------------------------------------------------
    def add_gateway(self, account: Account, applications: dict[str, Application], entry: FileEntry) -> None:
        name = entry.values.get("name", "")
        gateway = Gateway.objects.filter(name=name).select_related("account", "application").first() or Gateway(account=account, name=name)
        if gateway.account != account:
            self.problem(at(entry.place, "name"), f"{name!r} is a gateway of the account {gateway.account.name!r} already.")
            return
        planned = self.plan(gateway, f"gateway {name}")
        self.set_dialect(planned, entry)
        self.set_application(planned, applications, entry)
        if "signing_token" in entry.values:
            planned.set("signing_token", "signing_token", entry.values["signing_token"])
            if "signing_token" in planned.changed and gateway.signing_token:
                self.check_secret(Secret.SIGNING_TOKEN, gateway.signing_token, at(entry.place, "signing_token"), name, account.name)
        self.set_password(planned, gateway, entry)
        self.check(gateway, entry, exclude=["account", "application", "password_digest"])

    def set_dialect(self, planned: ProvisionPlan, entry: FileEntry) -> None:
        dialect = entry.values.get("dialect")
        if dialect is not None and dialect not in DIALECTS:
            words = f"{dialect!r} is no dialect we speak.{meant(dialect, DIALECTS)} Known are {', '.join(DIALECTS)}."
            self.problem(at(entry.place, "dialect"), words)
        elif dialect is not None:
            planned.set("dialect", "dialect", dialect)

    def set_application(self, planned: ProvisionPlan, applications: dict[str, Application], entry: FileEntry) -> None:
        name = entry.values.get("application")
        place = at(entry.place, "application")
        if name is None and planned.is_new:
            self.problem(place, "is missing: the name of the account's application that this gateway's calls go to.")
        elif name is not None and name not in applications:
            known = f" It has {', '.join(sorted(applications))}." if applications else ""
            self.problem(place, f"{name!r} is no application of this account.{meant(name, list(applications))}{known}")
        elif name is not None:
            planned.set("application", "application", applications[name])

    def set_password(self, planned: ProvisionPlan, gateway: Gateway, entry: FileEntry) -> None:
        password = entry.values.get("password")
        if not password and (password is not None or planned.is_new and not gateway.signing_token):
            self.problem(at(entry.place, "password"), "is missing: the password the gateway connects with; long, and made by a machine.")
        elif password and not gateway.check_password(password):
            self.check_secret(Secret.GATEWAY_PASSWORD, password, at(entry.place, "password"), gateway.name, gateway.account.name)
            gateway.set_password(password)
            planned.changed.append("password")
