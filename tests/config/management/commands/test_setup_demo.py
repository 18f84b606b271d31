"""The demo is made once; what an operator has changed of it stays changed."""

import pytest
from django.conf import settings
from django.core.management import call_command

from config import credentials
from streams.models import Account, Application, Gateway
from streams.pure.customer.answer_xml import parse
from tests.streams.rows import main_token

pytestmark = pytest.mark.django_db


def setup(port: int) -> None:
    call_command("setup_demo", customer_port=port, stdout=None)


def test_its_gateway_goes_to_the_demo_customer():
    setup(8765)
    secrets = credentials.load(settings.DATA_DIR)
    gateway = Gateway.objects.get(name="demo")
    assert gateway.check_password(secrets["demo_gateway_password"]) and main_token(gateway.account) == secrets["demo_auth_token"]
    answer = parse(gateway.application.answer_xml.encode())
    assert answer.warnings == () and len(answer.streams) == 1
    assert answer.streams[0].service_url == "ws://127.0.0.1:8765/stream"
    assert answer.streams[0].status_callback_url == "http://127.0.0.1:8765/status"


def test_it_follows_the_port_and_changes_nothing_else():
    setup(8765)
    before = list(Gateway.objects.values()), list(Account.objects.values())
    setup(9000)
    xml = Application.objects.get().answer_xml
    assert "8765" not in xml and xml.count(":9000/") == 2
    assert (list(Gateway.objects.values()), list(Account.objects.values())) == before


def test_what_an_operator_has_written_stays():
    setup(8765)
    mine = "<Response><Stream>ws://127.0.0.1:7000/bot</Stream></Response>"
    Application.objects.update(answer_xml=mine)
    gateway = Gateway.objects.get()
    gateway.set_password("my own")
    gateway.save()
    setup(9000)
    assert Application.objects.get().answer_xml == mine and Gateway.objects.get().check_password("my own")
