"""The settings of getting in: TLS, the proxies in front, and how long a session lasts.

A part of config.settings, which imports them by name; docs/operation.md lists them under "Who reaches it"."""

from config.environment import Environment

env = Environment()

HTTPS = env.flag("HTTPS", False)
PROXIES_DECIDED = bool(env.text("TRUSTED_PROXIES"))
"""Also `none` is a decision: then nobody asks about proxies any more."""
TRUSTED_PROXIES = () if env.text("TRUSTED_PROXIES").lower() == "none" else env.networks("TRUSTED_PROXIES")

SESSION_IDLE_MINUTES = env.integer("SESSION_IDLE_MINUTES", 60, 1, 20_160)

# Django's own. Who is behind a proxy is config.behind_proxies' to know, which leaves no X-Forwarded header to be believed here.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = None
SESSION_ENGINE = "cdr.sign_in.sessions"
