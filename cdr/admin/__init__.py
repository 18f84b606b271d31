"""Every page an operator sees, on a site of its own: `console`. Importing this package registers them."""

from cdr.admin import (
    audit,
    callbacks,
    calls,
    failed_sign_ins,
    gateways,
    hosts,
    rates,
    refusals,
    retention,
    staff,
    statements,
    streams,
    tenants,
    url_tests,
)
from cdr.admin.site import console

__all__ = [
    "audit",
    "callbacks",
    "calls",
    "console",
    "failed_sign_ins",
    "gateways",
    "hosts",
    "rates",
    "refusals",
    "retention",
    "staff",
    "statements",
    "streams",
    "tenants",
    "url_tests",
]
