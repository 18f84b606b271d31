"""The groups that an installation begins with: Support, Operator, Billing and Administrator, and what each may do.

Owns that table. Made once by a migration; from then on they are the administrator's, who may change them."""

from typing import Any

from django.db.models import Q

from cdr.pure.acts import PERMISSIONS, Act

SUPPORT, OPERATOR, BILLING, ADMINISTRATOR = "Support", "Operator", "Billing", "Administrator"

RECORDS = ("streams.view_call", "streams.view_stream", "streams.view_streamevent", "streams.view_callback", "streams.view_callbackattempt")
DETAILS = ("cdr.view_calldetail", "cdr.view_streamdetail", "cdr.view_charge")
TENANTS = (
    "streams.view_account",
    "streams.view_ratecard",
    "streams.view_application",
    "streams.view_gateway",
    "streams.view_gatewayrefusal",
)
RATES = ("streams.view_ratecard", "streams.add_ratecard", "streams.change_ratecard", "streams.set_rates")
STATEMENTS = ("cdr.view_statement", "cdr.close_statement", "cdr.correct_statement")
ACTS = tuple(permission.name for permission in PERMISSIONS.values())
SHARES_LOGS = PERMISSIONS[Act.SHARE_LOG].name
URL_TESTS = "cdr.test_service_url"
NUMBERS, EXPORTS = "cdr.see_numbers", "cdr.add_export"
SECRETS = "cdr.see_secrets"
"""Of the beginning only administrators have it and the next, with everything else of `cdr`."""
RECORDINGS = "cdr.hear_recordings"

ALERTS = ("cdr.view_alert", "cdr.view_alertrule")
ALERTS_IN_HAND = ("cdr.acknowledge_alert", "cdr.add_alertrule", "cdr.change_alertrule", "cdr.view_alertchannel", "cdr.view_alertmessage")
"""Where alerts are told is for administrators: it names addresses, and holds secrets."""

ROLES: dict[str, tuple[str, ...]] = {
    SUPPORT: (*RECORDS, *DETAILS, *TENANTS, *ALERTS, SHARES_LOGS),
    OPERATOR: (*RECORDS, *DETAILS, *TENANTS, *ACTS, *ALERTS, *ALERTS_IN_HAND, URL_TESTS, NUMBERS, EXPORTS),
    BILLING: (*DETAILS, "streams.view_account", *RATES, *STATEMENTS, NUMBERS, EXPORTS),
    ADMINISTRATOR: ("streams.*", "cdr.*", "auth.*"),
}
"""`app.*` is everything of an app."""


def make_roles(registry: Any) -> None:
    """Makes the groups that are missing. `registry` is Django's, or a migration's with the models of that time."""
    groups = registry.get_model("auth", "Group").objects
    for name, wanted in ROLES.items():
        group, made = groups.get_or_create(name=name)
        if made:
            group.permissions.set(permissions(registry, wanted))


def permissions(registry: Any, wanted: tuple[str, ...]) -> Any:
    """The rows of Django's permissions with those names."""
    chosen = Q(pk=None)
    for app, _, codename in (name.partition(".") for name in wanted):
        of_app = Q(content_type__app_label=app)
        chosen |= of_app if codename == "*" else of_app & Q(codename=codename)
    return registry.get_model("auth", "Permission").objects.filter(chosen)


def grant(registry: Any, role: str, wanted: tuple[str, ...]) -> None:
    """What came with an upgrade, to a group of the beginning; one that was renamed or removed is left alone."""
    for group in registry.get_model("auth", "Group").objects.filter(name=role):
        group.permissions.add(*permissions(registry, wanted))
