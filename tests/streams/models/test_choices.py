"""The dialects an operator may choose are the dialects there are."""

from django.conf import settings

from streams.models.choices import gateway_dialects
from streams.pure.gateway.dialects import DIALECTS


def test_every_dialect_can_be_chosen():
    assert [name for name, _ in gateway_dialects()] == list(DIALECTS)


def test_every_dialect_has_a_page_with_its_path():
    pages = "".join(page.read_text() for page in (settings.BASE_DIR / "docs" / "gateways").glob("*.md"))
    assert [name for name in DIALECTS if f"/gateway/{name}/" not in pages] == []
