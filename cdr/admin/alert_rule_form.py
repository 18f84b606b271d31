"""The form of an alert rule: a sentence with gaps. What would watch nothing, everything or somebody who is not there is refused at its
field.

Owns what is asked of each field together; which numbers make sense is cdr.pure.alerts.kinds'. (Django's generic classes take no parameters
at run time: hence the ignored type-arg.)"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cdr.alert_rows import AlertRule
from cdr.pure.alerts.kinds import KINDS, SCOPE_WORDS, AlertKind, AlertScope, scope_problem, threshold_problem, window_problem
from cdr.pure.alerts.quiet_hours import zone_problem
from streams.pure.customer.host_name import canonical_host

SHORTEST_REPEAT, LONGEST_REPEAT = 5, 7 * 24 * 60
NAMED = {AlertScope.ACCOUNT: "account", AlertScope.GATEWAY: "gateway", AlertScope.HOST: "host"}
"""Which field a scope needs."""
EXAMPLE = "20 with “share of streams with a connection error”: when 20 % or more fail."


class AlertRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(label="What", choices=[(kind.value, known.words) for kind, known in KINDS.items()])
    scope = forms.ChoiceField(
        label="Watched for",
        choices=[(scope.value, SCOPE_WORDS[scope]) for scope in AlertScope],
        initial=AlertScope.ALL.value,
        help_text="“Any … by itself”: an alert for each of them, as it goes over the threshold.",
    )
    window_minutes = forms.IntegerField(
        label="Within (minutes)", required=False, help_text="1 to 1440. Left empty for what is about now (no call, a callback that is due)."
    )
    least_count = forms.IntegerField(
        label="Of at least", min_value=0, max_value=1_000_000, initial=10, help_text="Streams. Of a share only: one of one would be 100 %."
    )
    threshold = forms.DecimalField(label="At or above", max_digits=18, decimal_places=5, initial=20, help_text=EXAMPLE)
    repeat_minutes = forms.IntegerField(
        label="Tell again every (minutes)", initial=60, help_text=f"{SHORTEST_REPEAT} to {LONGEST_REPEAT}, or 0: only once."
    )
    time_zone = forms.CharField(
        label="By the clock of", initial="UTC", max_length=60, help_text="A place, such as Europe/Berlin: also when its clocks change."
    )

    class Meta:
        model = AlertRule
        fields = (
            *("name", "enabled", "kind", "threshold", "window_minutes", "least_count", "scope", "account", "gateway", "host"),
            *("channels", "repeat_minutes", "quiet_from", "quiet_to", "time_zone"),
        )
        widgets = {
            "channels": forms.CheckboxSelectMultiple,
            "quiet_from": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "quiet_to": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }
        labels = {"quiet_from": "Tell nobody from", "quiet_to": "until"}
        help_texts = {
            "name": "It stands in messages: say what is wrong, such as “Streams to a host fail”.",
            "enabled": "Off: nothing is looked at, and its open alerts close.",
            "account": "For “one account”.",
            "gateway": "For “one gateway”.",
            "host": "For “one customer's host”: bot.example.com, without scheme and port.",
            "channels": "None: the bell of the console shows it, and nobody gets a message.",
            "quiet_from": "Alerts open all the same, and are told when the quiet hours end. Also across midnight.",
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if threshold := self.initial.get("threshold"):
            self.initial["threshold"] = f"{threshold.normalize():f}"  # without the zeros that the column has behind it

    def clean_threshold(self) -> Any:
        threshold = self.cleaned_data["threshold"]
        kind = self.cleaned_data.get("kind")
        if kind and (problem := threshold_problem(AlertKind(kind), threshold)):
            raise ValidationError(problem)
        return threshold

    def clean_window_minutes(self) -> int:
        minutes, kind = self.cleaned_data.get("window_minutes"), self.cleaned_data.get("kind")
        if kind and (problem := window_problem(AlertKind(kind), minutes)):
            raise ValidationError(problem)
        return int(minutes or 0) if kind and KINDS[AlertKind(kind)].windowed else 0

    def clean_scope(self) -> str:
        kind, scope = self.cleaned_data.get("kind"), AlertScope(self.cleaned_data["scope"])
        if kind and (problem := scope_problem(AlertKind(kind), scope)):
            raise ValidationError(problem)
        return scope.value

    def clean_host(self) -> str:
        host = str(self.cleaned_data["host"]).strip()
        try:
            return canonical_host(host).lower() if host else ""
        except ValueError as problem:
            raise ValidationError(f"{problem} Write a host such as bot.example.com.") from problem

    def clean_repeat_minutes(self) -> int:
        minutes = int(self.cleaned_data["repeat_minutes"])
        if minutes and not SHORTEST_REPEAT <= minutes <= LONGEST_REPEAT:
            raise ValidationError(f"Write {SHORTEST_REPEAT} to {LONGEST_REPEAT} minutes (a week), or 0 to tell only once.")
        return minutes

    def clean_time_zone(self) -> str:
        zone = str(self.cleaned_data["time_zone"]).strip()
        if problem := zone_problem(zone):
            raise ValidationError(problem)
        return zone

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._check_whose(cleaned)
        begins, ends = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if (begins is None) != (ends is None) and not (self.has_error("quiet_from") or self.has_error("quiet_to")):
            self.add_error("quiet_to" if ends is None else "quiet_from", "Quiet hours have a beginning and an end: write both, or neither.")
        elif begins is not None and begins == ends:
            self.add_error("quiet_to", "They would end as they begin. Write another time; to tell nobody at all, untick every place.")
        return cleaned

    def _check_whose(self, cleaned: dict[str, Any]) -> None:
        """The one that is named, and no other: what is filled in and does not count would mislead."""
        wanted = NAMED.get(AlertScope(cleaned["scope"])) if cleaned.get("scope") else None
        for field in NAMED.values():
            if field == wanted and not cleaned.get(field) and not self.has_error(field):
                self.add_error(field, f"Say which {field} is to be watched.")
            elif field != wanted and cleaned.get("scope"):
                cleaned[field] = "" if field == "host" else None
