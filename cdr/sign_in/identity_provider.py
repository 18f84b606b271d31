"""The identity provider that OIDC_ISSUER names: where its doors are, as it says itself, and who it says has come back from it.

Owns what is asked of a token: the library (mozilla-django-oidc) exchanges the code and checks signature and nonce; that the token is from
this provider, for this console and still good is checked here. Must not know users."""

import threading
import time
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings

from streams.pure.foreign_text import cleaned

KNOWN_SECONDS = 600
"""How long the provider's description of itself counts."""
CLOCKS_APART_SECONDS = 60
DISCOVERED = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}
"""The library's names for what the provider says of itself."""
KEY_TYPES = {"RS": "RSA", "ES": "EC"}
FAULTS = (requests.RequestException, jwt.PyJWTError, SuspiciousOperation, KeyError, TypeError, ValueError, AttributeError)
"""What may be wrong with what a provider answers; whatever it is, nobody is signed in by it."""


class ProviderFault(Exception):
    """The provider did not answer, or answered what cannot be believed. The message is for the log."""


class _Description:
    """What the provider says of itself, kept for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issuer, self._until = "", 0.0
        self._said: dict[str, Any] = {}

    def get(self) -> dict[str, Any]:
        with self._lock:
            if self._issuer != settings.OIDC_ISSUER or time.monotonic() > self._until:
                self._said = _discovered(settings.OIDC_ISSUER)
                self._issuer, self._until = settings.OIDC_ISSUER, time.monotonic() + KNOWN_SECONDS
            return self._said


def _discovered(issuer: str) -> dict[str, Any]:
    answer = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=settings.OIDC_TIMEOUT)
    answer.raise_for_status()
    said: dict[str, Any] = answer.json()
    if str(said["issuer"]).rstrip("/") != issuer:
        raise ValueError(f"it calls itself {said['issuer']!r}, and OIDC_ISSUER is {issuer!r}")
    return said


described = _Description().get


def setting(attr: str, *default: Any) -> Any:
    """For the library: a setting, or what the provider says of itself."""
    if attr == "OIDC_TOKEN_USE_BASIC_AUTH":
        return "client_secret_post" not in described().get("token_endpoint_auth_methods_supported", ())
    return described().get(DISCOVERED[attr], "") if attr in DISCOVERED else import_from_settings(attr, *default)


def claims_of(request: HttpRequest, redirect_uri: str, nonce: str, code_verifier: str) -> dict[str, Any]:
    """Who signs in, as the provider says. Raises ProviderFault."""
    try:
        return Exchange().claims(request.GET["code"], redirect_uri, nonce, code_verifier)
    except FAULTS as fault:
        raise ProviderFault(cleaned(f"{type(fault).__name__}: {fault}")) from fault


def end_session_url() -> str:
    """Where somebody can sign out at the provider as well; "" where it has no such door, or does not answer."""
    try:
        return str(described().get("end_session_endpoint", ""))
    except FAULTS:
        return ""


class Exchange(OIDCAuthenticationBackend):
    """The way back from the provider, once. It is no backend that Django asks: only who comes by that way may be signed in by it."""

    get_settings = staticmethod(setting)

    def claims(self, code: str, redirect_uri: str, nonce: str, code_verifier: str) -> dict[str, Any]:
        """What the token says counts before what the provider says besides; and when somebody was asked who he is, the token alone says."""
        asked = {"client_id": self.OIDC_RP_CLIENT_ID, "client_secret": self.OIDC_RP_CLIENT_SECRET, "grant_type": "authorization_code"}
        tokens = self.get_token({**asked, "code": code, "redirect_uri": redirect_uri, "code_verifier": code_verifier})
        claims = self.verify_token(tokens["id_token"], nonce=nonce)
        return {**self.get_userinfo(tokens["access_token"], tokens["id_token"], claims), "auth_time": None, **claims}

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """The one key that the token names; of a provider that has but one, its tokens need not name it (the library wants it named)."""
        kid, algorithm = jwt.get_unverified_header(token).get("kid"), self.OIDC_RP_SIGN_ALGO
        answer = requests.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=settings.OIDC_TIMEOUT)
        answer.raise_for_status()
        keys = [key for key in answer.json()["keys"] if kid in (None, key.get("kid")) and key["kty"] == KEY_TYPES[algorithm[:2]]]
        fit = [key for key in keys if key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm]
        if len(fit) != 1:
            raise SuspiciousOperation(f"The token names the key {kid!r}, and {len(fit)} of the provider's keys can be meant.")
        return jwt.PyJWK(fit[0], algorithm=algorithm)

    def _verify_jws(self, payload: str, key: Any) -> dict[str, Any]:
        """As the library's, which asks neither who made a token nor for whom it is."""
        claims: dict[str, Any] = jwt.decode(
            payload,
            key,
            algorithms=[self.OIDC_RP_SIGN_ALGO],
            issuer=described()["issuer"],
            audience=self.OIDC_RP_CLIENT_ID,
            leeway=CLOCKS_APART_SECONDS,
            options={"require": ["iss", "aud", "exp", "iat", "sub", "nonce"]},
        )
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("The token is for several, and was not asked for by this console.")
        return claims

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        claims: dict[str, Any] = super().verify_token(token, **kwargs)
        if not constant_time_compare(claims["nonce"], kwargs["nonce"]):
            raise SuspiciousOperation("The token is the answer to another question.")
        return claims

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Not every provider has it, and what it says counts only where it speaks of the same person."""
        if "userinfo_endpoint" not in described():
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        answer = requests.get(self.OIDC_OP_USER_ENDPOINT, headers=headers, timeout=settings.OIDC_TIMEOUT)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        if said["sub"] != payload["sub"]:
            raise SuspiciousOperation("What it says of somebody is about somebody else.")
        return said
