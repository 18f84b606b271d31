"""The installation's Redis, for who asks whether it is well, or what is in it: once, and within the limit of such checks.

Owns how long is waited. Must not know what is asked."""

from django.conf import settings
from redis import Redis

from config.background_checks import LIMIT_SECONDS
from config.embedded_redis import ONCE


def redis_client() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=LIMIT_SECONDS, socket_connect_timeout=LIMIT_SECONDS, retry=ONCE)
