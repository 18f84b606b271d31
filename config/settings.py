"""Django's settings, all from the environment, with defaults that run on a fresh machine with no server installed.

Owns every name an operator may set (docs/operation.md lists them) and refuses combinations that would be unsafe."""

import hashlib
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from cdr.pure.sign_in import LOCKED_MINUTES, MOST_OF_A_NAME
from config import dialling, file_storages, mail_settings
from config.entry_settings import *  # noqa: F403 - each name in it is a setting
from config.environment import Environment, database_entry
from config.error_reports import report_address
from config.monitoring import monitoring
from config.private_files import generated_secret, make_private
from config.secret_keys import checked_keys
from config.serving_role import SERVING_ROLES
from config.silent_peers import channel_host, tcp_options
from config.single_sign_on import *  # noqa: F403 - the settings of that group
from config.trace_settings import share_of_calls

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "data")
STATIC_ROOT = env.folder("STATIC_ROOT", DATA_DIR / "static")
make_private(DATA_DIR, apart=STATIC_ROOT)
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755  # of collectstatic, for the web server


def _embedded_redis_socket(folder: Path) -> Path:
    """Where the embedded Redis listens. A socket's path may have about 100 characters: a longer one is kept in /tmp."""
    path = folder / "redis.sock"
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return path if len(str(path)) < 100 else Path("/", "tmp", f"streamdesk-{digest}.sock")


# What the operator decides -------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", False)
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 1, 65535)
SERVE_ROLE = env.one_of("SERVE_ROLE", "all", SERVING_ROLES)
SERVE_PROCESSES = env.integer("SERVE_PROCESSES", 1, 1, 256)
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or LOCAL_HOSTS
DATABASE_URL = env.text("DATABASE_URL")
DATABASES = {"default": database_entry(DATABASE_URL, DATA_DIR / "streamdesk.sqlite3")}
EMBEDDED_REDIS_SOCKET = _embedded_redis_socket(DATA_DIR)
EMBEDDED_REDIS = not env.text("REDIS_URL")
REDIS_URL = env.text("REDIS_URL", f"unix://{EMBEDDED_REDIS_SOCKET}")
EMBEDDED = EMBEDDED_REDIS and not DATABASE_URL and not env.text("ALLOWED_HOSTS") and HOST in LOCAL_HOSTS
SECRET_KEY = env.text("SECRET_KEY") or (generated_secret(DATA_DIR / "secret_key") if EMBEDDED else "")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
DIAL_REACH = dialling.reach(env, embedded=EMBEDDED)
PUBLIC_URL = env.origin("PUBLIC_URL")
MAIL = mail_settings.read(env, DATA_DIR, embedded=EMBEDDED)
# What alerts, the page of the platform's health and a process that says that it is there ask, which do not know config.
PLATFORM_TROUBLES, KNOWN_TROUBLES = "config.work_troubles.troubles_at_work", "config.status_strip.known_troubles"
PLATFORM_VERSION = "config.metrics.version.version"
TRUSTED_ORIGINS = env.words("TRUSTED_ORIGINS")
REQUIRE_SECOND_FACTOR = env.flag("REQUIRE_SECOND_FACTOR", False)
DEMO = env.flag("DEMO", True)
API_DOCS = env.flag("API_DOCS", EMBEDDED)
METRICS_ALLOW, METRICS_TOKEN, WORKER_METRICS = monitoring(env, embedded=EMBEDDED)
SENTRY_DSN = report_address(env)
TRACE_SHARE = share_of_calls(env)

if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. Outside the embedded trial mode set it to 50 or more random characters and keep it.")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(f"SECRET_KEY has {len(SECRET_KEY)} characters. Set it to 50 or more random characters.")
SECRETS_KEYS = checked_keys(env.words("SECRETS_KEY") or ([generated_secret(DATA_DIR / "secrets_key")] if EMBEDDED else []), SECRET_KEY)
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS=* would let any site use the console. Name the hosts the console is reached by.")
if DEBUG and set(ALLOWED_HOSTS) - set(LOCAL_HOSTS):
    raise ImproperlyConfigured("DEBUG=1 shows the inside of the platform. With ALLOWED_HOSTS other than localhost set DEBUG=0.")
if HOST not in LOCAL_HOSTS and not env.text("ALLOWED_HOSTS"):
    raise ImproperlyConfigured(f"HOST={HOST} opens the platform to the network. Set ALLOWED_HOSTS to the names it is reached by.")

# Streaming -----------------------------------------------------------------------------------------------------------
BUFFER_MS = env.integer("BUFFER_MS", 40_000, 200, 600_000)
CONNECT_TIMEOUT_SECONDS = env.number("CONNECT_TIMEOUT_SECONDS", 8, 0.1, 60)
CONNECT_RETRY_SECONDS = env.numbers("CONNECT_RETRY_SECONDS", "1 3", 0, 60)
OFFER_SUBPROTOCOL = env.flag("OFFER_SUBPROTOCOL", True)
GATEWAY_RESUME_SECONDS = env.number("GATEWAY_RESUME_SECONDS", 5, 0, 60)
NOISE_CANCELLATION_STREAMS = env.integer("NOISE_CANCELLATION_STREAMS", 50, 0, 10_000)
RECORDED_STREAMS = env.integer("RECORDED_STREAMS", 50, 0, 10_000)
RECORDINGS_MB = env.integer("RECORDINGS_MB", 10_000, 0, 1_000_000_000)
RECORDINGS_ACCOUNT_MB = env.integer("RECORDINGS_ACCOUNT_MB", 2_500, 0, 1_000_000_000)
MEDIA_TIMEOUT_SECONDS = env.number("MEDIA_TIMEOUT_SECONDS", 60, 0, 86_400)
DRAIN_NOTICE_SECONDS = env.number("DRAIN_NOTICE_SECONDS", 0 if EMBEDDED else 10, 0, 600)
DRAIN_SECONDS = env.number("DRAIN_SECONDS", 30 if EMBEDDED else 1800, 0, 86_400)
LEASE_SECONDS = env.number("LEASE_SECONDS", 20, 2, 300)
ANSWER_TIMEOUT_SECONDS = env.number("ANSWER_TIMEOUT_SECONDS", 15, 0.1, 60)
CALLBACK_TIMEOUT_SECONDS = env.number("CALLBACK_TIMEOUT_SECONDS", 15, 0.1, 60)
CALLBACK_RETRY_SECONDS = env.numbers("CALLBACK_RETRY_SECONDS", "5 30 300 1800 7200 18000 36000", 0.01, 604_800)
CALLBACKS_AT_ONCE_PER_HOST = env.integer("CALLBACKS_AT_ONCE_PER_HOST", 4, 1, 1000)

# Retention: days after the end of a call, 0 for ever; an account may have its own --------------------------------------
RETAIN_NUMBERS_DAYS = env.integer("RETAIN_NUMBERS_DAYS", 0, 0, 36_500)
RETAIN_PAYLOADS_DAYS = env.integer("RETAIN_PAYLOADS_DAYS", 0, 0, 36_500)
RETAIN_EVENTS_DAYS = env.integer("RETAIN_EVENTS_DAYS", 0, 0, 36_500)
RETAIN_RECORDINGS_DAYS = env.integer("RETAIN_RECORDINGS_DAYS", 7, 0, 36_500)

# Django --------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "cdr",
    "streams",
    "channels",
    "csp",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django.contrib.admin.apps.SimpleAdminConfig",  # config.urls imports the console: who serves no pages need not
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
# Found without being imported, which takes a third of a second: only who serves the API needs it.
API_LIBRARY = Path(find_spec("ninja").origin or "").parent  # type: ignore[union-attr]
MIDDLEWARE = [
    "config.health.health",
    "config.response_headers.response_headers",
    "config.known_hosts.known_hosts",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "cdr.sign_in.sessions.note_use",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", API_LIBRARY / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.status_strip.strip",
                "config.bell.bell",
            ]
        },
    }
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "cdr.sign_in.second_factor.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "cdr.sign_in.password_strength.NotGuessed"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
USE_I18N = False
FORMAT_MODULE_PATH = ["config.formats"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "exports": file_storages.entry(
        "EXPORTS_STORAGE", env.text("EXPORTS_STORAGE"), env.text("EXPORTS_STORAGE_OPTIONS"), DATA_DIR / "exports"
    ),
    "recordings": file_storages.entry(
        "RECORDINGS_STORAGE", env.text("RECORDINGS_STORAGE"), env.text("RECORDINGS_STORAGE_OPTIONS"), DATA_DIR / "recordings"
    ),
}
STATICFILES_DIRS = [API_LIBRARY / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# Failed sign-ins: cdr.pure.sign_in says how many are too many, cdr.sign_in.locks counts, cdr.admin.entry.signing_in answers.
AXES_HANDLER = "cdr.sign_in.locks.Handler"
AXES_CLIENT_IP_CALLABLE = "cdr.addresses.counted_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_FAILURE_LIMIT = MOST_OF_A_NAME
AXES_COOLOFF_TIME = timedelta(minutes=LOCKED_MINUTES)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
OTP_TOTP_ISSUER = "Streamdesk"

# Security ------------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.scrubbed_logs.SafeErrorPage"
SESSION_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = TRUSTED_ORIGINS
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# Channels and Celery -------------------------------------------------------------------------------------------------
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [channel_host(REDIS_URL)], "prefix": "streamdesk"},
    }
}
TASK_APPLICATION = "config.celery.app"  # imported by who sends or runs tasks
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND_THREAD_SAFE = True  # it keeps none; made once, and not by each thread
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = env.integer("WORKER_THREADS", 32, 1, 1000)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # there are none that are acknowledged late; False is warned of
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # a Redis that refuses (full, or without its replicas) must not end the worker
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "ack_emulation": False,  # nobody keeps a copy of what a worker has in hand: a message that is lost changes nothing
    "socket_timeout": 10,
    "socket_connect_timeout": 1,
    "health_check_interval": 10,
    **tcp_options(REDIS_URL),
}
CELERY_BEAT_SCHEDULER = "config.beat:MonotonicScheduler"
CELERY_BEAT_SCHEDULE = {
    "deliver due callbacks": {"task": "streams.tasks.sweep_callbacks", "schedule": timedelta(seconds=1)},
    "settle starts nobody took": {"task": "streams.tasks.settle_starts", "schedule": timedelta(seconds=2)},
    "remove old acts on lists": {"task": "cdr.tasks.remove_old_list_acts", "schedule": timedelta(hours=1)},
    "remove old test calls": {"task": "cdr.tasks.remove_old_trial_calls", "schedule": timedelta(hours=1)},
    "look for jobs": {"task": "cdr.tasks.look_for_jobs", "schedule": timedelta(seconds=1)},
    "remove old URL tests": {"task": "cdr.tasks.remove_old_url_tests", "schedule": timedelta(hours=1)},
    "remove what is not retained": {"task": "cdr.tasks.apply_retention", "schedule": timedelta(minutes=1)},
    "compare charges with statements": {"task": "cdr.tasks.check_money", "schedule": timedelta(minutes=10)},
    "look at alert rules": {"task": "cdr.tasks.look_at_alert_rules", "schedule": timedelta(seconds=5)},
    "tell alerts": {"task": "cdr.tasks.tell_alerts", "schedule": timedelta(seconds=2)},
    "forget old invitations": {"task": "cdr.tasks.forget_old_invitations", "schedule": timedelta(hours=1)},
    "remove old alerts": {"task": "cdr.tasks.remove_old_alerts", "schedule": timedelta(hours=1)},
    "watch spending limits": {"task": "cdr.tasks.watch_spending", "schedule": timedelta(seconds=20)},
    "remove old exports": {"task": "cdr.tasks.remove_old_exports", "schedule": timedelta(hours=1)},
    "forget old rows of gateways": {"task": "streams.tasks.forget_old_gateway_rows", "schedule": timedelta(hours=1)},
    "make partitions of events": {"task": "streams.tasks.make_event_partitions", "schedule": timedelta(hours=1)},
    "sweep recordings": {"task": "streams.tasks.sweep_recordings", "schedule": timedelta(hours=1)},
    "forget old sign-ins": {"task": "cdr.tasks.forget_old_sign_ins", "schedule": timedelta(hours=1)},
    "forget old links to debug logs": {"task": "cdr.tasks.forget_old_log_links", "schedule": timedelta(hours=1)},
    "end what nobody holds": {"task": "streams.tasks.reap_calls", "schedule": timedelta(seconds=LEASE_SECONDS / 2)},
}

LOG_FORMAT = env.one_of("LOG_FORMAT", "plain", ("plain", "json"))
LOG_LINE = "{asctime} {levelname} {name}: {message}"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "config.scrubbed_logs.ScrubbedFormatter", "format": LOG_LINE, "style": "{"},
        "json": {"()": "config.json_lines.JsonLines"},
    },
    "filters": {"broker": {"()": "config.broker_lines.BrokerLines"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["broker"]}},
    "root": {"handlers": ["console"], "level": env.one_of("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
        "psycopg.pool": {"level": "ERROR"},  # each connection that could not be made; who asked for it says so
    },
}
