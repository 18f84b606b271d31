"""The lines to paste are those of the documentation, byte for byte; and what is filled in of a gateway."""

from base64 import b64encode
from pathlib import Path

import pytest

from cdr.pure.gateway_lines import BY_DIALECT, Fill, gateway_url, lines_to_paste
from streams.pure.gateway.dialects import DIALECTS

DOCS = Path(__file__).parents[3] / "docs" / "gateways"
PAGES = {
    "asterisk": ("asterisk.md", "pbx1"),
    "audio_stream": ("freeswitch-audio-stream.md", "fs1"),
    "audio_fork": ("jambonz-audio-fork.md", "jb1"),
    "twilio": ("twilio.md", "tw1"),
}
SECRET = "THE-GATEWAYS-PASSWORD"


def documented(name: str, **changes: object) -> Fill:
    """The values of the documentation's examples."""
    return Fill("wss://streams.example.org", name, SECRET, b64encode(f"{name}:{SECRET}".encode()).decode())._replace(**changes)


def test_every_dialect_has_lines() -> None:
    assert list(BY_DIALECT) == list(DIALECTS) == list(PAGES)


@pytest.mark.parametrize("dialect", PAGES)
def test_the_documentation_shows_the_same_lines(dialect) -> None:
    page, name = PAGES[dialect]
    text = (DOCS / page).read_text()
    for signed in (True, False) if dialect == "twilio" else (False,):
        for title, _, lines in lines_to_paste(dialect, documented(name, signed=signed)):
            fenced = f"\n{lines}```" in text or f"`{lines.rstrip()}`" in text
            assert fenced or not signed and "TwiML" in title, f"{page} does not show, byte for byte ({title}):\n{lines}"


@pytest.mark.parametrize("dialect", PAGES)
def test_nothing_is_left_to_fill_in_but_what_the_reader_knows(dialect) -> None:
    made = lines_to_paste(dialect, Fill("wss://calls.example.net", "my-gw"))
    text = "".join(lines.text for lines in made)
    assert "@" not in text and "streams.example.org" not in text and SECRET not in text
    assert gateway_url(dialect, "wss://calls.example.net", "my-gw") in text
    assert "YOUR_PASSWORD" in text


def test_without_tls_asterisk_is_told_so() -> None:
    plain, secure = (lines_to_paste("asterisk", Fill(f"{scheme}://10.0.0.5:8000", "pbx1"))[0].text for scheme in ("ws", "wss"))
    assert "uri = ws://10.0.0.5:8000/gateway/asterisk/pbx1/\n" in plain
    assert plain.endswith("tls_enabled = no\n") and "ca_list_file" not in plain
    assert secure.endswith("tls_enabled = yes\nca_list_file = /etc/ssl/certs/ca-certificates.crt\n")


def test_who_signs_gets_no_password_into_the_url() -> None:
    by_password, signed = (lines_to_paste("twilio", Fill("wss://a.example", "tw1", signed=signed)) for signed in (False, True))
    assert 'url="wss://a.example/gateway/twilio/tw1/YOUR_PASSWORD/"' in by_password[0].text
    assert 'url="wss://a.example/gateway/twilio/tw1/"' in signed[0].text
    assert len(by_password) == len(signed) + 1


def test_a_dialect_that_nobody_knows_has_none() -> None:
    assert lines_to_paste("morse", Fill("wss://a.example", "gw")) == []
