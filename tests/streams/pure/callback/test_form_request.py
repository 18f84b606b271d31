"""Parameters as a form or as a query, signed so that the published Plivo SDK accepts them."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from plivo.utils import validate_signature
from plivo.utils.signature_v3 import validate_v3_signature

from streams.pure.callback.form_request import signed_form

TOKEN, NONCE = "testAuthToken0123456789", "05429567804466091622"
PARAMETERS = [("Event", "StartStream"), ("Error", ""), ("To", "sip:jürgen@phone.example"), ("ServiceURL", "wss://bot.example/a?b=c&d=e")]


def test_post_carries_a_form_and_leaves_the_url_alone():
    request = signed_form("POST", "https://hooks.example/status?tenant=7#rt=3000", PARAMETERS, (TOKEN,), NONCE)
    assert request.url == "https://hooks.example/status?tenant=7"
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == PARAMETERS
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("https://hooks.example/status", "https://hooks.example/status?Event="),
        ("https://hooks.example", "https://hooks.example/?Event="),
        ("https://hooks.example/status?tenant=7#part", "https://hooks.example/status?tenant=7&Event="),
        ("https://hooks.example/status?", "https://hooks.example/status?Event="),
        ("https://hooks.example/status?tenant=7&", "https://hooks.example/status?tenant=7&Event="),
    ],
)
def test_get_merges_the_parameters_into_the_query(url, start):
    request = signed_form("GET", url, PARAMETERS, (TOKEN,), NONCE)
    assert request.url.startswith(start)
    sent = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    assert [pair for pair in sent if pair[0] != "tenant"] == PARAMETERS
    assert request.body == b""
    assert "Content-Type" not in request.headers


def test_without_parameters_a_get_is_the_url_itself():
    assert signed_form("GET", "https://hooks.example/?a=1", [], (TOKEN,), NONCE).url == "https://hooks.example/?a=1"


@pytest.mark.parametrize(
    "url", ["https://hooks.example/status", "https://hooks.example/status?tenant=7&a=%20b", "http://hooks.example:8080/"]
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_published_validators_accept_what_arrives(method, url):
    """As a receiver calls them: with the URL it was asked by and, for POST, the form. (The SDK reads no umlaut in a query.)"""
    parameters = [(name, value.replace("ü", "u")) for name, value in PARAMETERS]
    request = signed_form(method, url, parameters, (TOKEN,), NONCE)
    v2, v3 = request.headers["X-Plivo-Signature-V2"], request.headers["X-Plivo-Signature-V3"]
    form = dict(parameters) if method == "POST" else {}
    assert validate_v3_signature(method, request.url, request.headers["X-Plivo-Signature-V3-Nonce"], TOKEN, v3, form)
    assert validate_signature(request.url, request.headers["X-Plivo-Signature-V2-Nonce"], v2, TOKEN)
    assert not validate_v3_signature(method, request.url, NONCE, "another token", v3, dict(form))


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("http://hooks.example", "http://hooks.example/"),
        ("http://hooks.example?tenant=7", "http://hooks.example/?tenant=7"),
        ("http://hooks.example:80/cb", "http://hooks.example/cb"),
        ("https://hooks.example:443", "https://hooks.example/"),
        ("https://hooks.example:80/cb", "https://hooks.example:80/cb"),
        ("HTTP://Hooks.Example:80/Cb?A=B", "http://hooks.example/Cb?A=B"),
        ("http://[2001:DB8::1]:80/cb", "http://[2001:db8::1]/cb"),
        ("http://[2001:db8::1]/cb", "http://[2001:db8::1]/cb"),
        ("http://[2001:DB8:0:0::1]:8080/cb", "http://[2001:db8::1]:8080/cb"),
        ("http://Voice_Bot.:8080/cb", "http://voice_bot:8080/cb"),
        ("https://hooks.example.:443", "https://hooks.example/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://hooks.example/cb?", "https://hooks.example/cb"),
    ],
)
def test_what_is_signed_is_the_url_that_the_server_sees(url, seen):
    request = signed_form("POST", url, [("Event", "StartStream")], (TOKEN,), NONCE)
    assert request.url == seen
    assert validate_signature(seen, NONCE, request.headers["X-Plivo-Signature-V2"], TOKEN)
    assert validate_v3_signature("POST", seen, NONCE, TOKEN, request.headers["X-Plivo-Signature-V3"], {"Event": "StartStream"})
