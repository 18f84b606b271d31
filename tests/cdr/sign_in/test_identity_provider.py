"""Which tokens are believed: made by keys of our own, because no honest provider makes the others."""

import time
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import RequestFactory
from pytest_httpserver import HTTPServer

from cdr.sign_in import identity_provider
from cdr.sign_in.identity_provider import ProviderFault, claims_of, end_session_url

CLIENT_ID, NONCE = "desk", "n" * 32


@cache
def key_of(kid: str) -> rsa.RSAPrivateKey:
    """Made when it is asked for: it takes a seventh of a second, and each process of the tests imports this."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(kid: str, **more: str) -> dict[str, Any]:
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(key_of(kid).public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256", **more}


class Provider:
    """What it says of itself, its keys, the token that it gives, and what it says of somebody; each may be made wrong."""

    def __init__(self, server: HTTPServer) -> None:
        self.server, self.issuer = server, server.url_for("/realm")
        doors = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "userinfo_endpoint": "/userinfo", "jwks_uri": "/jwks"}
        self.description = {"issuer": self.issuer, **{name: server.url_for(path) for name, path in doors.items()}}
        self.keys = [public("first"), public("second")]
        self.claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "u1",
            "nonce": NONCE,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
        }
        self.userinfo: dict[str, Any] = {"sub": "u1", "groups": ["Support"]}

    def token(self, key: Any = None, algorithm: str = "RS256", **headers: str) -> str:
        return jwt.encode(self.claims, key or key_of("first"), algorithm, headers={"kid": "first", **headers})

    def claimed(self, token: str) -> dict[str, Any]:
        expected = self.server.expect_request
        expected("/realm/.well-known/openid-configuration").respond_with_json(self.description)
        expected("/jwks").respond_with_json({"keys": self.keys})
        expected("/token").respond_with_json({"access_token": "a", "id_token": token, "token_type": "Bearer"})
        expected("/userinfo").respond_with_json(self.userinfo)
        return claims_of(RequestFactory().get("/", {"code": "c", "state": "s"}), "http://testserver/back/", NONCE, "v" * 64)


@pytest.fixture
def provider(httpserver: HTTPServer, settings, monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setattr(identity_provider, "described", identity_provider._Description().get)
    provider = Provider(httpserver)
    settings.OIDC_ISSUER, settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = (
        provider.issuer,
        CLIENT_ID,
        "shared-secret-of-32-characters-or-more",
    )
    return provider


def test_what_is_right_is_believed(provider: Provider) -> None:
    claims = provider.claimed(provider.token())
    assert (claims["sub"], claims["groups"]) == ("u1", ["Support"])


def test_what_the_token_says_counts_before_what_is_said_besides(provider: Provider) -> None:
    provider.claims["groups"] = ["Operator"]
    assert provider.claimed(provider.token())["groups"] == ["Operator"]


def test_the_code_is_exchanged_with_what_only_we_know(provider: Provider) -> None:
    provider.claimed(provider.token())
    asked = next(request for request, _ in provider.server.log if request.path == "/token")
    assert (asked.form["code"], asked.form["code_verifier"], asked.form["redirect_uri"]) == ("c", "v" * 64, "http://testserver/back/")
    assert asked.headers["Authorization"].startswith("Basic ") and "client_secret" not in asked.form


WRONG_CLAIMS: list[dict[str, Any]] = [
    {"iss": "https://elsewhere.example"},
    {"iss": None},
    {"aud": "another-console"},
    {"aud": ["another-console"]},
    {"aud": [CLIENT_ID, "another-console"], "azp": "another-console"},
    {"aud": None},
    {"exp": int(time.time()) - 120},
    {"exp": None},
    {"iat": int(time.time()) + 86_400},
    {"nonce": "m" * 32},
    {"nonce": None},
    {"sub": None},
]


@pytest.mark.parametrize("wrong", WRONG_CLAIMS, ids=[f"{number}-{'-'.join(claims)}" for number, claims in enumerate(WRONG_CLAIMS)])
def test_a_token_of_another_of_others_of_yesterday_or_for_another_question_is_not(provider: Provider, wrong: dict[str, Any]) -> None:
    provider.claims = {name: value for name, value in {**provider.claims, **wrong}.items() if value is not None}
    with pytest.raises(ProviderFault):
        provider.claimed(provider.token())


def test_a_token_that_somebody_else_signed_is_not(provider: Provider) -> None:
    forged = [
        provider.token(key_of("foreign")),
        provider.token(key_of("foreign"), kid="foreign"),
        provider.token(key_of("second")),
        provider.token("shared-secret-of-32-characters-or-more", "HS256"),
        jwt.encode(provider.claims, None, "none", headers={"kid": "first"}),
        provider.token()[:-8],
        "no token",
        "",
    ]
    for token in forged:
        with pytest.raises(ProviderFault):
            provider.claimed(token)
        provider.server.clear()
    assert provider.claimed(provider.token())["sub"] == "u1"


def test_a_key_need_not_be_named_where_there_is_but_one(provider: Provider) -> None:
    unnamed = jwt.encode(provider.claims, key_of("first"), "RS256")
    with pytest.raises(ProviderFault, match="2 of the provider's keys"):
        provider.claimed(unnamed)
    provider.server.clear()
    provider.keys = [public("first"), public("second", use="enc")]
    assert provider.claimed(unnamed)["sub"] == "u1"


@pytest.mark.parametrize("said", [{"sub": "u2", "groups": ["Administrator"]}, {"groups": ["Administrator"]}, [], "x"])
def test_what_is_said_of_somebody_else_is_not(provider: Provider, said: Any) -> None:
    provider.userinfo = said
    with pytest.raises(ProviderFault):
        provider.claimed(provider.token())


def test_a_provider_that_calls_itself_otherwise_is_not(provider: Provider) -> None:
    provider.description["issuer"] = "https://elsewhere.example"
    with pytest.raises(ProviderFault, match="it calls itself"):
        provider.claimed(provider.token())


def test_a_provider_without_userinfo_and_without_a_way_out_will_do(provider: Provider) -> None:
    del provider.description["userinfo_endpoint"]
    assert "groups" not in provider.claimed(provider.token())
    assert end_session_url() == ""


def test_what_it_says_of_itself_is_asked_once(provider: Provider) -> None:
    for _ in range(2):
        provider.claimed(provider.token())
    asked = [request.path for request, _ in provider.server.log]
    assert asked.count("/realm/.well-known/openid-configuration") == 1
