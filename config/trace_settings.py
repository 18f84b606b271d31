"""Whether calls are traced, and how many of them, as the environment says.

Must not know what is told of a call: config.tracing."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment


def share_of_calls(env: Environment) -> float:
    """TRACE_SHARE, 0 to 1, where a collector is named. Raises ImproperlyConfigured for an address that is none, and without the library."""
    address, share = env.text("OTEL_EXPORTER_OTLP_ENDPOINT"), env.number("TRACE_SHARE", 1.0, 0.0, 1.0)
    if not address:
        return 0.0
    parts, name = urlsplit(address), "OTEL_EXPORTER_OTLP_ENDPOINT"  # OpenTelemetry's own, which its library reads as well
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ImproperlyConfigured(f"{name} is not the address of a collector that takes OTLP by HTTP, such as http://127.0.0.1:4318.")
    if not _is_installed():
        raise ImproperlyConfigured(f"{name} is set, and what traces need is not installed: pip install -r requirements-tracing.txt")
    return share


def _is_installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False
