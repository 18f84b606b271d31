"""The rows of `streams`: who may do what (tenants, tokens), what streams cost (rates), what happened (calls), what is owed to the customer
(callbacks), what gateways did besides (gateways), which hosts are blocked (hosts), what is heard again (recordings), what is wrong with
processes (processes), the words all these may hold (choices), and the columns of every row that is a job (jobs).

Columns, constraints and cheap properties only; the verbs are functions in journal, delivery, control, host_blocks and streams.jobs."""

from streams.models.callbacks import TRY_FAILED, Callback, CallbackAttempt
from streams.models.calls import (
    OUTBOUND,
    UNUSUAL,
    Call,
    CallMeasure,
    ControlRequest,
    Heartbeat,
    Stream,
    StreamEvent,
    StreamMeasure,
)
from streams.models.choices import CallbackState, CallbackTrouble
from streams.models.conversations import StreamConversation
from streams.models.gateways import GatewayRefusal, GatewayTraffic
from streams.models.hosts import HostBlock
from streams.models.jobs import Job
from streams.models.processes import ProcessReport, WebProcess
from streams.models.rates import Rate, RateCard
from streams.models.recordings import StreamRecording
from streams.models.tenants import Account, Application, Gateway
from streams.models.tokens import AuthToken, SecretsKey

__all__ = [
    "OUTBOUND",
    "TRY_FAILED",
    "UNUSUAL",
    "Account",
    "Application",
    "AuthToken",
    "Call",
    "CallMeasure",
    "Callback",
    "CallbackAttempt",
    "CallbackState",
    "CallbackTrouble",
    "ControlRequest",
    "Gateway",
    "GatewayRefusal",
    "GatewayTraffic",
    "Heartbeat",
    "HostBlock",
    "Job",
    "ProcessReport",
    "Rate",
    "RateCard",
    "SecretsKey",
    "Stream",
    "StreamConversation",
    "StreamEvent",
    "StreamMeasure",
    "StreamRecording",
    "WebProcess",
]
