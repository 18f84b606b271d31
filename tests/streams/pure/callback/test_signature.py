"""Signatures against published test vectors and the validators customers use: Plivo's SDK and Standard Webhooks' package."""

import json
import time
import warnings
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from streams.pure.callback.signature import callback_headers, standard_webhook_headers, standard_webhook_secret, upgrade_headers, v2, v3

with warnings.catch_warnings():
    # The published SDK is written for an older Python.
    warnings.simplefilter("ignore")
    from plivo.utils import validate_signature, validate_v3_signature

TOKEN = "testAuthToken0123456789"
NONCE = "05429567804466091622"
URL = "https://yourdomain.example/callbacks"
PARAMS = [
    ("CallUUID", "7aea0680-1f8c-46c2-a04f-990e2e0d52eb"),
    ("Error", "connection disconnected with the remote service"),
    ("Event", "DroppedStream"),
    ("From", "14849386985"),
    ("ParentAuthID", "MAXXXXXXXXXXXXXXXXXX"),
    ("ServiceURL", "wss://yourstream.example/audiostream"),
    ("StreamID", "26b95870-2b2f-45be-88dc-aedd0fcccec6"),
    ("Timestamp", "2024-10-14 13:42:33"),
    ("To", "14155551234"),
    ("status_callback_method", "POST"),
    ("status_callback_url", "https://yourdomain.example/callbacks"),
]
# Printable ASCII; beyond it the published validators do not agree with each other (Python's reads a query as Latin-1).
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
NAMES = st.text(st.sampled_from("ABCXYZabcxyz_"), min_size=1, max_size=8)


class TestVectors:
    @pytest.mark.parametrize(
        ("method", "url", "signature"),
        [
            ("POST", URL, "5bf42bKWfAIF76KX4nSzc9bqwjEHnv7yUfsq3uHYuPw="),
            ("POST", f"{URL}?tenant=7", "pKvNilJYrBg/dm2028PtnwKbq4Kr8aCVOMjKs7ymo/0="),
            ("GET", URL, "RXnPDkARsOGXLBA6BTzVg9NX1HQF4aLSjj3bdiqVQrA="),
            ("GET", f"{URL}?tenant=7", "+HrpLpg2HObc5sxb0sBA5+qxqnutapNBf9a0vaE5ilA="),
        ],
    )
    def test_v3(self, method, url, signature):
        assert v3(method, url, PARAMS, NONCE, TOKEN) == signature

    def test_v3_of_an_upgrade(self):
        assert v3("GET", "https://yourstream.example/audiostream", (), NONCE, TOKEN) == "HdkwtaMVSSTCLnEFjGGovheqhG4sO0vwOmr9jyh53Ho="

    def test_v2(self):
        assert v2(URL, NONCE, TOKEN) == "Z0U8E5wH0Ok8ZO2uvjZHUitk3U6TCoGbUpv7xl9Dxbg="

    def test_the_order_of_params_and_the_case_of_the_method_do_not_matter(self):
        assert v3("post", URL, PARAMS[::-1], NONCE, TOKEN) == v3("POST", URL, PARAMS, NONCE, TOKEN)

    @pytest.mark.parametrize("url", [f"{URL}#ct=2000&rt=5000", f"{URL}?#x"])
    def test_a_fragment_is_never_signed(self, url):
        assert v3("POST", url, PARAMS, NONCE, TOKEN) == v3("POST", URL, PARAMS, NONCE, TOKEN)
        assert v2(url, NONCE, TOKEN) == v2(URL, NONCE, TOKEN)


class TestCallbackHeaders:
    @pytest.mark.parametrize("url", [URL, f"{URL}?tenant=7&b=%20x", "http://127.0.0.1:8765/status"])
    def test_plivos_sdk_verifies_a_post(self, url):
        headers = callback_headers("POST", url, PARAMS, (TOKEN,), NONCE)
        for account in ("", "Ma-"):
            assert validate_v3_signature("POST", url, NONCE, TOKEN, headers[f"X-Plivo-Signature-{account}V3"], dict(PARAMS))
            assert validate_signature(url, NONCE, headers[f"X-Plivo-Signature-{account}V2"], TOKEN)
        assert headers["X-Plivo-Signature-V3-Nonce"] == headers["X-Plivo-Signature-V2-Nonce"] == NONCE
        assert len(headers) == 6

    @pytest.mark.parametrize("url", [URL, f"{URL}?tenant=7&b=%20x&b=a"])
    def test_plivos_sdk_verifies_a_get_by_the_url_that_arrives(self, url):
        headers = callback_headers("GET", url, PARAMS, (TOKEN,), NONCE)
        arrived = f"{url}{'&' if '?' in url else '?'}{urlencode(PARAMS)}"
        assert validate_v3_signature("GET", arrived, NONCE, TOKEN, headers["X-Plivo-Signature-V3"])
        assert validate_signature(arrived, NONCE, headers["X-Plivo-Signature-V2"], TOKEN)

    @given(params=st.dictionaries(NAMES, VALUES, max_size=5), query=st.lists(st.tuples(NAMES, VALUES), max_size=4))
    def test_plivos_sdk_verifies_any_parameters(self, params, query):
        url = f"{URL}?{urlencode(query)}" if query else URL
        post = v3("POST", url, list(params.items()), NONCE, TOKEN)
        assert validate_v3_signature("POST", url, NONCE, TOKEN, post, dict(params))
        get = v3("GET", url, list(params.items()), NONCE, TOKEN)
        arrived = f"{URL}?{urlencode([*query, *params.items()])}"
        assert validate_v3_signature("GET", arrived, NONCE, TOKEN, get)

    def test_a_changed_parameter_or_token_is_seen(self):
        signature = callback_headers("POST", URL, PARAMS, (TOKEN,), NONCE)["X-Plivo-Signature-V3"]
        assert not validate_v3_signature("POST", URL, NONCE, TOKEN, signature, {**dict(PARAMS), "To": "1"})
        assert not validate_v3_signature("POST", URL, NONCE, "another", signature, dict(PARAMS))


class TestUpgradeHeaders:
    @pytest.mark.parametrize(
        ("dialled", "verified"),
        [
            ("wss://s.example/audio?a=1", "https://s.example/audio?a=1"),
            ("wss://s.example/audio?a=1", "http://s.example/audio?a=1"),
            ("ws://s.example:8080/audio", "http://s.example:8080/audio"),
            ("wss://s.example", "https://s.example/"),
            # By the Host header: in small letters, without the scheme's own port.
            ("wss://S.Example:443/Audio?A=1", "https://s.example/Audio?A=1"),
            ("wss://S.Example:443", "http://s.example/"),
            ("ws://S.Example:80/audio", "http://s.example/audio/websocket"),
            ("ws://Voice_Bot.:8080/audio", "http://voice_bot.:8080/audio"),
            # As the streaming SDK's FastAPI handler does, for ws and wss alike.
            ("wss://s.example/audio", "http://s.example/audio/websocket"),
            ("ws://s.example/audio?a=1", "http://s.example/audio?a=1/websocket"),
        ],
    )
    def test_plivos_sdk_verifies_the_url_a_service_sees(self, dialled, verified):
        headers = upgrade_headers(dialled, (TOKEN,), NONCE)
        for name in ("X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3"):
            assert validate_v3_signature("GET", verified, headers["X-Plivo-Signature-V3-Nonce"], TOKEN, headers[name])

    @pytest.mark.parametrize("dialled", ["wss://s.example/audio?a=1&b=%2F", "ws://s.example"])
    def test_the_dialled_url_itself_comes_first(self, dialled):
        signatures = upgrade_headers(dialled, (TOKEN,), NONCE)["X-Plivo-Signature-V3"].split(",")
        assert signatures[0] == v3("GET", dialled, (), NONCE, TOKEN)
        assert len(signatures) == len(set(signatures))
        assert all(len(signature) == 44 for signature in signatures)

    def test_another_url_is_not_verified(self):
        headers = upgrade_headers("wss://s.example/audio", (TOKEN,), NONCE)
        assert not validate_v3_signature("GET", "https://s.example/other", NONCE, TOKEN, headers["X-Plivo-Signature-V3"])


class TestStandardWebhooks:
    def test_the_published_package_verifies_them(self):
        body = json.dumps({"Event": "StartStream", "To": "é"}).encode()
        headers = standard_webhook_headers("msg_1", int(time.time()), body, (TOKEN,))
        assert set(headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}
        assert Webhook(standard_webhook_secret(TOKEN)).verify(body, headers) == {"Event": "StartStream", "To": "é"}

    def test_a_form_body_is_verified_too(self):
        body = urlencode(PARAMS).encode()
        headers = standard_webhook_headers("msg_1", int(time.time()), body, (TOKEN,))
        Webhook(standard_webhook_secret(TOKEN)).verify(body, headers, json_parse=False)

    def test_another_body_is_not(self):
        headers = standard_webhook_headers("msg_1", int(time.time()), b"{}", (TOKEN,))
        with pytest.raises(WebhookVerificationError):
            Webhook(standard_webhook_secret(TOKEN)).verify(b"[]", headers)

    def test_a_vector_that_does_not_move(self):
        assert standard_webhook_secret("abc") == "whsec_YWJj"
        assert standard_webhook_headers("msg_1", 1_700_000_000, b"{}", ("abc",)) == {
            "webhook-id": "msg_1",
            "webhook-timestamp": "1700000000",
            "webhook-signature": "v1,dWBzc6Wq1qY3RhXpsQmvNUUlNaNww3B2e4l6GLDJMZI=",
        }


class TestOverlap:
    """Two tokens at once, the new one first: whichever a customer holds, the published validators are satisfied."""

    NEW, OLD = "newToken-newToken-newToken", TOKEN

    @pytest.mark.parametrize("held", [NEW, OLD])
    @pytest.mark.parametrize("method", ["POST", "GET"])
    def test_v3_of_a_callback_is_verified_with_either(self, method, held):
        signatures = callback_headers(method, URL, PARAMS, (self.NEW, self.OLD), NONCE)
        arrived = URL if method == "POST" else f"{URL}?{urlencode(PARAMS)}"
        for name in ("X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3"):
            assert validate_v3_signature(method, arrived, NONCE, held, signatures[name], dict(PARAMS) if method == "POST" else None)
        assert not validate_v3_signature(method, arrived, NONCE, "another", signatures["X-Plivo-Signature-V3"], dict(PARAMS))

    @pytest.mark.parametrize("held", [NEW, OLD])
    def test_an_upgrade_is_verified_with_either_by_every_url(self, held):
        signatures = upgrade_headers("wss://s.example/audio", (self.NEW, self.OLD), NONCE)["X-Plivo-Signature-V3"]
        for seen in ("https://s.example/audio", "http://s.example/audio", "http://s.example/audio/websocket"):
            assert validate_v3_signature("GET", seen, NONCE, held, signatures)

    @pytest.mark.parametrize("held", [NEW, OLD])
    def test_standard_webhooks_are_verified_with_either(self, held):
        signed = standard_webhook_headers("msg_1", int(time.time()), b"{}", (self.NEW, self.OLD))
        assert Webhook(standard_webhook_secret(held)).verify(b"{}", signed) == {}

    def test_v2_is_the_old_tokens_until_it_has_ended(self):
        for name in ("X-Plivo-Signature-V2", "X-Plivo-Signature-Ma-V2"):
            during = callback_headers("POST", URL, PARAMS, (self.NEW, self.OLD), NONCE)[name]
            after = callback_headers("POST", URL, PARAMS, (self.NEW,), NONCE)[name]
            assert validate_signature(URL, NONCE, during, self.OLD) and not validate_signature(URL, NONCE, during, self.NEW)
            assert validate_signature(URL, NONCE, after, self.NEW)
