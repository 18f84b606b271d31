"""The settings of single sign-on by OpenID Connect (docs/operation.md), all from the environment. Off unless OIDC_ISSUER is set.

Owns what may be set and which of it is unsafe together. Django's settings take the names over; cdr.sign_in says what they mean."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

env = Environment()

OIDC_ISSUER = env.text("OIDC_ISSUER").rstrip("/")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_NAME = env.text("OIDC_NAME", "single sign-on")
OIDC_SCOPES = env.text("OIDC_SCOPES", "openid profile email")
OIDC_SIGNING_ALGORITHM = env.one_of("OIDC_SIGNING_ALGORITHM", "RS256", ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512"))
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", "groups")
OIDC_ROLES = env.pairs("OIDC_ROLES")
OIDC_SUPERUSERS = frozenset(env.words("OIDC_SUPERUSERS"))
OIDC_SECOND_FACTOR = env.one_of("OIDC_SECOND_FACTOR", "provider", ("provider", "console"))
OIDC_PASSWORDS = env.one_of("OIDC_PASSWORDS", "superusers", ("superusers", "everybody"))
OIDC_SESSION_HOURS = env.number("OIDC_SESSION_HOURS", 12, 0.1, 720)

# The library's own names (mozilla-django-oidc) for what is always so here.
OIDC_RP_CLIENT_ID, OIDC_RP_CLIENT_SECRET = OIDC_CLIENT_ID, OIDC_CLIENT_SECRET
OIDC_RP_SCOPES, OIDC_RP_SIGN_ALGO = OIDC_SCOPES, OIDC_SIGNING_ALGORITHM
OIDC_USE_PKCE = True
OIDC_TIMEOUT = 10
OIDC_AUTHENTICATION_CALLBACK_URL = "admin:single_sign_on_back"

if OIDC_ISSUER and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    raise ImproperlyConfigured("OIDC_ISSUER is set. Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET to what the identity provider gave for it.")
if OIDC_ISSUER and urlsplit(OIDC_ISSUER).scheme != "https" and urlsplit(OIDC_ISSUER).hostname not in ("localhost", "127.0.0.1", "::1"):
    raise ImproperlyConfigured(f"OIDC_ISSUER={OIDC_ISSUER} does not begin with https://. Who is on the way to it could sign in as anybody.")
if "openid" not in OIDC_SCOPES.split():
    raise ImproperlyConfigured(f"OIDC_SCOPES={OIDC_SCOPES} has no openid in it. Add it: without it no provider says who signs in.")
