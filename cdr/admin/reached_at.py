"""Under which address gateways reach this installation, as the console knows it.

Must not know what is done with it."""

from django.conf import settings
from django.http import HttpRequest

USUAL_PORTS = ("", "80", "443")


class NotOurs(Exception):
    """The address that the reader came by may lead to something else on that machine; the message says what to do."""


def gateways_url(request: HttpRequest) -> str:
    """Where gateways connect: what PUBLIC_URL says, or the host, one of ALLOWED_HOSTS, by which the reader has come."""
    public: str = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    return public.replace("http", "ws", 1)


def dialled_url(request: HttpRequest) -> str:
    """The same, for us to dial. Of a host that the reader named, no port is dialled but the usual ones and our own: whoever may place a
    test call may not look for what else listens there. Raises NotOurs."""
    if not settings.PUBLIC_URL:
        host = request.get_host()
        port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
        if port not in (*USUAL_PORTS, str(settings.PORT), request.get_port()) or port != "" and not port.isdigit():
            raise NotOurs(f"Port {port} is not this installation's. Set PUBLIC_URL to the address that gateways dial.")
    return gateways_url(request)
