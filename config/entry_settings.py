"""The settings of getting in: TLS, the proxies in front, and how long a session lasts.

A part of config.settings, which imports them by name; docs/operation.md lists them under "Who reaches it"."""

from config.environment import Environment

env = Environment()

HTTPS = env.flag("HTTPS", False)
PROXIES_DECIDED = bool(env.text("TRUSTED_PROXIES"))
"""Also `none` is a decision: then nobody asks about proxies any more."""
TRUSTED_PROXIES = () if env.text("TRUSTED_PROXIES").lower() == "none" else env.networks("TRUSTED_PROXIES")

PLAIN_ALLOW = env.networks("PLAIN_ALLOW", "127.0.0.0/8 ::1/128")
HSTS_SUBDOMAINS = env.flag("HSTS_SUBDOMAINS", False)
SILENCED_SYSTEM_CHECKS = ["axes.W002", "security.W021", *(["security.W005"] if env.text("HSTS_SUBDOMAINS") else [])]
"""What `check` need not ask. W021: to have a domain in browsers' lists is its owner's to ask for. W005 is answered by HSTS_SUBDOMAINS."""
SESSION_IDLE_MINUTES = env.integer("SESSION_IDLE_MINUTES", 60, 1, 20_160)

# Django's own. Who is behind a proxy is config.behind_proxies' to know, which leaves no X-Forwarded header to be believed here.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and HSTS_SUBDOMAINS
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = None
SESSION_ENGINE = "cdr.sign_in.sessions"
