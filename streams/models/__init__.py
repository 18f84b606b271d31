"""The rows of `streams`: who may do what (tenants), what happened (calls), what is owed to the customer (callbacks), what
gateways did besides (gateways), and the words all these may hold (choices).

Columns, constraints and cheap properties only; the verbs are functions in journal, delivery and control."""

from streams.models.callbacks import Callback, CallbackAttempt
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
from streams.models.gateways import GatewayRefusal, GatewayTraffic
from streams.models.tenants import Account, Application, Gateway

__all__ = [
    "OUTBOUND",
    "UNUSUAL",
    "Account",
    "Application",
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
    "Stream",
    "StreamEvent",
    "StreamMeasure",
]
