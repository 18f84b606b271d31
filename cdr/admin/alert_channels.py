"""Places where alerts are told: their list, their form, a test message. Secrets are taken and never shown again.

Owns what is asked of each kind of place. How a message is sent is cdr.alerts'. (Django's generic classes take no parameters at run time:
hence the ignored type-arg.)"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr import audit
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.audited import Audited
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.markup import badge_html
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import found
from cdr.admin.site import console
from cdr.alert_rows import AlertChannel, AlertMessage, ChannelKind
from cdr.alerts.gathering import ask_for_test
from cdr.pure.acts import Act
from cdr.pure.badges import Badge
from cdr.pure.figures import counted, moment, short_host
from streams import guard
from streams.pure.customer.service_url import HTTP_SCHEMES
from streams.pure.foreign_text import cleaned

MAY_TEST = "cdr.change_alertchannel"
MOST_ADDRESSES, SHORTEST_SECRET = 50, 24
MAIL_HELP = "Of mail: one a line."
URL_HELP = "Of a webhook and of Slack (“Incoming Webhook”). PagerDuty has its own. It may hold a secret, and is not shown again."
SECRET_HELP = (
    f"Of a webhook: {SHORTEST_SECRET} characters or more, by which it is signed (Standard Webhooks); a library takes it as whsec_ and its "
    "Base64. Of PagerDuty: the integration key. It is not shown again."
)


class AlertChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    # Not the columns' names: Django would print what they hold, and write down what the form does not.
    secret_url = forms.CharField(label="URL", required=False, max_length=2048, help_text=URL_HELP)
    new_secret = forms.CharField(label="Secret", required=False, max_length=200, help_text=SECRET_HELP)

    class Meta:
        model = AlertChannel
        fields = ("name", "kind", "enabled", "addresses")
        widgets = {"addresses": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        mail = settings.MAIL
        where = f"Mails go by {mail.place}." if mail.backend else "No mail server is set (EMAIL_URL): mails are not sent."
        if "addresses" in self.fields:
            self.fields["addresses"].help_text = f"{MAIL_HELP} {where}"
        for field, column in (("secret_url", self.instance.url), ("new_secret", self.instance.secret)):
            if column and field in self.fields:
                self.fields[field].help_text = f"Set. Empty: the present one stays. {self.fields[field].help_text}"

    def clean_addresses(self) -> str:
        addresses = str(self.cleaned_data["addresses"]).replace(",", " ").split()
        for address in addresses:
            try:
                EmailValidator()(address)
            except ValidationError:
                raise ValidationError(f"“{cleaned(address, 80)}” is no address of a mail, such as ops@example.com.") from None
        if len(addresses) > MOST_ADDRESSES:
            raise ValidationError(f"These are {len(addresses)} addresses. At most {MOST_ADDRESSES}: make a list at your mail server.")
        return "\n".join(dict.fromkeys(addresses))

    def clean_secret_url(self) -> str:
        """Looked at as a worker would: an inside address is refused now, and once more when it is dialled."""
        url = str(self.cleaned_data["secret_url"]).strip()
        if url and (problem := guard.undiallable(url, settings.DIAL_REACH, HTTP_SCHEMES)):
            raise ValidationError(problem)
        return url

    def clean(self) -> dict[str, Any]:
        cleaned_data: dict[str, Any] = super().clean() or self.cleaned_data
        for field, problem in self._missing(cleaned_data):
            if not self.has_error(field):
                self.add_error(field, problem)
        return cleaned_data

    def _missing(self, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What this kind of place needs and has not."""
        kind = given.get("kind")
        url, secret = given.get("secret_url") or self.instance.url, given.get("new_secret") or self.instance.secret
        if kind == ChannelKind.MAIL and not given.get("addresses"):
            yield "addresses", "Write at least one address, such as ops@example.com."
        if kind in (ChannelKind.WEBHOOK, ChannelKind.SLACK) and not url:
            yield "secret_url", "Write where messages are to be sent, such as https://hooks.example.com/alerts."
        if kind == ChannelKind.WEBHOOK and len(secret) < SHORTEST_SECRET:
            yield "new_secret", f"Write {SHORTEST_SECRET} characters or more: python3 -c 'import secrets; print(secrets.token_urlsafe())'"
        if kind == ChannelKind.PAGERDUTY and not secret:
            yield "new_secret", "Write the integration key of the PagerDuty service (Events API v2)."

    def save(self, commit: bool = True) -> AlertChannel:
        self.instance.url = self.cleaned_data.get("secret_url") or self.instance.url
        self.instance.secret = self.cleaned_data.get("new_secret") or self.instance.secret
        channel: AlertChannel = super().save(commit)
        return channel


@admin.register(AlertChannel, site=console)
class AlertChannelAdmin(Asking, Audited):
    form = AlertChannelForm
    list_display = ("name", "kind_words", "where", "state", "sent")
    search_fields = ("name",)
    search_help_text = "Name of the place"
    actions = None
    readonly_fields = ("state",)
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: AlertChannel | None = None) -> tuple[str, ...]:
        """Who only looks sees no addresses."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return ("name", "kind", "enabled", *(("addresses", "secret_url", "new_secret") if may_write else ()), *(("state",) if obj else ()))

    def save_model(self, request: HttpRequest, obj: AlertChannel, form: Any, change: bool) -> None:
        """Only what the form asks: a worker may write down how the last message went."""
        obj.save(update_fields=["name", "kind", "enabled", "addresses", "url", "secret"] if change else None)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """With its messages, which nobody deletes by themselves: as many as there are, and not one by one."""
        count = AlertMessage.objects.filter(channel__in=objs).count()
        return [str(one) for one in objs], {"places to tell": len(objs), "messages of alerts": count}, set(), []

    def test_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks, POST sends."""
        return self.act_view(request, MAY_TEST, lambda: self._ask(request, key), lambda: self._test(request, key))

    def _ask(self, request: HttpRequest, key: int) -> HttpResponse:
        channel = found(AlertChannel.objects.filter(pk=key).first(), "place")
        question = Question(
            title=f"Send a test message to {channel.name}?",
            consequences=("A message that says that nothing is wrong, and by whom it was asked for. PagerDuty opens an incident for it.",),
            button="Send it",
            back=self.own_url("change", channel.pk),
            bad=False,
            refusal="" if channel.enabled else "This place is switched off. Switch it on first.",
        )
        return self.asked(request, question, crumb=channel.name)

    def _test(self, request: HttpRequest, key: int) -> HttpResponse:
        channel = found(AlertChannel.objects.filter(pk=key, enabled=True).first(), "place that is switched on")
        with transaction.atomic():
            message = ask_for_test(channel, visitor(request).name)
            audit.write(visitor(request), Act.SEND_TEST, channel)
        messages.success(request, "It is sent within seconds; this page says what came of it. Load it again.")
        return HttpResponseRedirect(reverse("admin:cdr_alertmessage_change", args=[message.pk]))

    def _record_doors(self, request: HttpRequest, channel: AlertChannel) -> Iterator[Door]:
        if request.user.has_perm(MAY_TEST):
            yield Door("Send a test message…", self.own_url("test", channel.pk))
        if request.user.has_perm("cdr.view_alertmessage"):
            yield Door("Its messages", f"{reverse('admin:cdr_alertmessage_changelist')}?{urlencode({'place': channel.name})}")

    adds = Additions(pages=(OwnPage("test", "<int:key>/test/", test_view),), doors={Where.RECORD: _record_doors})

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="By")
    def kind_words(self, channel: AlertChannel) -> str:
        return ChannelKind(channel.kind).label

    @admin.display(description="Where")
    def where(self, channel: AlertChannel) -> str:
        """Nothing of a URL but its host: the rest may be a secret."""
        if channel.kind == ChannelKind.MAIL:
            return counted(len(channel.addresses.split()), "address", "addresses")
        return short_host(channel.url) if channel.url else "events.pagerduty.com"

    @admin.display(description="State")
    def state(self, channel: AlertChannel) -> SafeString:
        return badge_html(channel_badge(channel), cleaned(channel.last_error))

    @admin.display(description="Last message taken (UTC)")
    def sent(self, channel: AlertChannel) -> str:
        return moment(channel.last_sent_at)


def channel_badge(channel: AlertChannel) -> Badge:
    if not channel.enabled:
        return Badge("", "off", "plain")
    if channel.failing_since is not None:
        return Badge("✕", f"fails since {moment(channel.failing_since)}", "bad")
    if channel.last_error:
        return Badge("▲", "not everybody has it", "warn")
    return Badge("✓", "works", "good") if channel.last_sent_at else Badge("○", "not tried yet", "quiet")
