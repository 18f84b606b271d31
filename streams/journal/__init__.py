"""Writes calls, streams and events: notes become rows, an ended stream its callback and (by signal) its charge. The few others who
write such rows, and what they write, are named in tests/test_writers_of_records.py.

Plain synchronous functions; each is one transaction, or says that it must run in one. Must not know sockets, tasks or pages."""

from streams.journal.ending import end_call, end_stream
from streams.journal.leases import beat, expired_calls, reap, reap_expired, renew_leases
from streams.journal.measuring import keep_measures
from streams.journal.probing import probe
from streams.journal.replaying import end_left_open, inherit_leases, may_go_on, record_late
from streams.journal.rows import utc_of
from streams.journal.writing import LeaseLost, record

__all__ = [
    "LeaseLost",
    "beat",
    "end_call",
    "end_left_open",
    "end_stream",
    "expired_calls",
    "inherit_leases",
    "keep_measures",
    "may_go_on",
    "probe",
    "reap",
    "reap_expired",
    "record",
    "record_late",
    "renew_leases",
    "utc_of",
]
