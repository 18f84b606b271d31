"""`manage.py setup_demo`: a demo account whose gateway's calls go to the simulated customer. Owns what the demo consists of."""

import json
import re
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import credentials
from streams.models import Account, Application
from streams.provision import provision

ACCOUNT, APPLICATION, GATEWAY = "Demo", "demo", "demo"
CUSTOMER_PORT = 8765
LOCAL_PORT = re.compile(r"(?<=://127\.0\.0\.1:)\d+(?=/(?:stream|status)\b)")


class Command(BaseCommand):
    help = "Makes a demo account with an application and a gateway, once. Later it only follows the port of the demo customer."
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customer-port", type=int, default=CUSTOMER_PORT, help="Where simulate_customer listens.")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["customer_port"]
        if Account.objects.filter(name=ACCOUNT).exists():
            follow_port(port)
            return
        document = json.dumps(demo(port, credentials.load(settings.DATA_DIR)))
        for change in provision(document.encode()).changes:
            self.stdout.write(f"{change.action} {change.what}")


def demo(port: int, secrets: dict[str, str]) -> dict[str, Any]:
    """The provisioning file of the demo."""
    account = {
        "name": ACCOUNT,
        "auth_id": secrets["demo_auth_id"],
        "auth_token": secrets["demo_auth_token"],
        "applications": [{"name": APPLICATION, "answer_xml": demo_xml(port)}],
        "gateways": [{"name": GATEWAY, "password": secrets["demo_gateway_password"], "application": APPLICATION}],
    }
    return {"accounts": [account]}


def demo_xml(port: int) -> str:
    attributes = f'bidirectional="true" contentType="audio/x-mulaw;rate=8000" statusCallbackUrl="http://127.0.0.1:{port}/status"'
    return f"<Response><Stream {attributes}>ws://127.0.0.1:{port}/stream</Stream></Response>"


def follow_port(port: int) -> None:
    """Only where the XML still names the demo customer: what an operator has written is left as it is."""
    for application in Application.objects.filter(account__name=ACCOUNT, name=APPLICATION):
        application.answer_xml = LOCAL_PORT.sub(str(port), application.answer_xml)
        application.save(update_fields=["answer_xml"])
