"""Every setting of the product. Values come from the environment (`env.py`); `.env.example` names them."""

import logging
import os
from pathlib import Path

import plotly
import structlog

from churnbuster.env import BASE_DIR, buckets, choice, database, env, folder, positive, secret_key

# Every process comes by here: what it writes (database, mails, what people gave) is for its account alone.
os.umask(0o077)

# --- This installation -----------------------------------------------------------------------------------
STATE_DIR = folder("STATE_DIR", BASE_DIR / "var")
SECRET_KEY = secret_key(STATE_DIR)
DEBUG = env.bool("DEBUG", default=False)
HOST = env.str("HOST", default="127.0.0.1")
PORT = positive("PORT", 5000)
# More than there are cores gain nothing; each takes some 200 MB.
WEB_PROCESSES = positive("WEB_PROCESSES", min(2, os.cpu_count() or 1))
BASE_URL = env.str("BASE_URL", default=f"http://localhost:{PORT}")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_TLS = env.bool("BEHIND_TLS", default=False)
HSTS_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=False)
# Whose word on where a visitor comes from is taken; by scripts.serve, before anything else reads an address.
FORWARDED_ALLOW_IPS = env.str("FORWARDED_ALLOW_IPS", default="")

ROOT_URLCONF = "churnbuster.urls"
ASGI_APPLICATION = "churnbuster.asgi.application"
WSGI_APPLICATION = "churnbuster.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"  # the dump's keys are int(11)

INSTALLED_APPS = [
    "churnbuster.operators.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "rest_framework_api_key",
    "template_partials",
    "core",
    "companies",
    "jobs",
    "intake",
    "registry",
    "transactions",
    "training",
    "predictions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "core.compression.CompressionMiddleware",
    "core.middleware.PermissionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.CharsetMiddleware",  # before anything reads what was sent
    "core.middleware.MethodsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "core.middleware.RequestLogMiddleware",
    "core.kept.KeptPagesMiddleware",  # before anything asks who is calling: a kept page asks it again itself
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.DomainErrorMiddleware",
    "core.memory.MemoryMiddleware",
    "companies.middleware.PrivatePagesMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it answers a lockout with the page that was asked for
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "companies.context.portal",
                "companies.context.mail_folder",
            ],
        },
    },
]

# --- Database --------------------------------------------------------------------------------------------
DATABASES = {"default": database(f"sqlite:///{STATE_DIR / 'churnbuster.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Its thread keeps a connection between requests (core.threads): opening one reads the whole schema.
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that will write says so at its start: two of them wait for each other, none fails.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "charset": "utf8mb4",
        "isolation_level": "read committed",
        # What the server writes by itself (the defaults of columns) is in UTC as all the rest.
        "init_command": "SET sql_mode='STRICT_TRANS_TABLES', default_storage_engine='InnoDB', "
        "time_zone='+00:00'",
    }
    # In tests the database is made anew, with the character set and the collation of the dump.
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_general_ci"}

# --- Cache, jobs -----------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
            # Beyond this number a third of the rows is thrown away, lockouts and throttles among them.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    ),
    # Counters of API calls (see core.call_limits). Without Redis the web processes share a file of their own:
    # reading must not become a write into the database.
    "limits": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "limits",
            # A call does not wait for its counter.
            "OPTIONS": {"socket_connect_timeout": 0.25, "socket_timeout": 0.25},
        }
        if REDIS_URL
        else {
            "BACKEND": "core.counters.SharedCounters",
            "LOCATION": STATE_DIR / "calls.sqlite3",
        }
    ),
}
JOB_LEASE_SECONDS = positive("JOB_LEASE_SECONDS", 20)
JOB_MAX_ATTEMPTS = positive("JOB_MAX_ATTEMPTS", 3)
JOB_MAX_MINUTES = positive("JOB_MAX_MINUTES", 120)
WORKER_CONCURRENCY = positive("WORKER_CONCURRENCY", 2)
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_BROKER_FOLDER = folder("BROKER_DIR", STATE_DIR / "broker")
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        # Redis offers a message again that nobody acknowledged for this long: later than any job may last,
        # because the lease in the Job row, not the broker, notices a dead worker.
        "visibility_timeout": (JOB_MAX_MINUTES + 10) * 60,
        "unacked_restore_interval": 5,
        "socket_connect_timeout": 2,
        # A page that queues a job waits this long for a broker that is down, and no longer.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(CELERY_BROKER_FOLDER / "messages"),
        "control_folder": str(CELERY_BROKER_FOLDER / "control"),
        "polling_interval": 0.25,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True  # the Job row is the result
CELERY_TASK_ACKS_LATE = True
# For handlers that never report: whoever does is stopped in words by jobs.runner.
CELERY_TASK_TIME_LIMIT = (JOB_MAX_MINUTES + 2) * 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = WORKER_CONCURRENCY
# Commands to workers are broadcasts, which the folder broker would keep for each worker that ever lived.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A job goes on when the broker is lost for a moment; its message may come twice, its work is done once.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULER = "jobs.clock:Clock"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    # Expires unread before the next few are due, so they do not pile up while nobody works.
    "reap": {"task": "jobs.reap", "schedule": 5.0, "options": {"expires": 15.0}},
    "tell": {"task": "core.tell", "schedule": 10.0, "options": {"expires": 30.0}},
    "sweep": {"task": "core.sweep", "schedule": 1800.0, "options": {"expires": 1800.0}},
}

# --- Files -----------------------------------------------------------------------------------------------
MEDIA_ROOT = folder("MEDIA_ROOT", BASE_DIR / "media")
UPLOAD_MAX_MB = positive("UPLOAD_MAX_MB", 100)
UPLOAD_MEMORY_MB = positive("UPLOAD_MEMORY_MB", 1024)
UPLOAD_SECONDS = positive("UPLOAD_SECONDS", 300)
# The upload handler counts while it streams; Django's own limit is for forms without files.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A table of customers may have thousands of columns, and each has its type and its tick.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 40_000
FILE_UPLOAD_PERMISSIONS = 0o600  # Django would open to all what it stores, whatever the umask
FILE_UPLOAD_TEMP_DIR = folder("UPLOAD_DIR", STATE_DIR / "uploads")
STORAGE_PUBLIC = env.bool("STORAGE_PUBLIC", default=False)
FILE_URL_MINUTES = positive("FILE_URL_MINUTES", 60)
STORAGES = {
    # Purchase logs, their features, models, and what people give and get in the portal (see core.files).
    **buckets(
        env.str("STORAGE_URL", default=""),
        aliases=("datasets", "utils", "models", "media"),
        is_public=STORAGE_PUBLIC,
        url_minutes=FILE_URL_MINUTES,
    ),
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "core.static_files.StaticFiles"},
}
STATIC_URL = "static/"
STATIC_ROOT = folder("STATIC_ROOT", STATE_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static", ("plotly", Path(plotly.__file__).parent / "package_data")]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

# --- Accounts --------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "companies.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "companies.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "change_password": "companies.forms.PasswordChangeForm",
    "reset_password": "companies.forms.PasswordResetForm",
    "reset_password_from_key": "companies.forms.PasswordResetKeyForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Churn Buster: "
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS = {
    "signup": "20/m/ip",  # also what guessing at company IDs runs into
    "register_company": "20/m/ip,5/h/key",
    "remind_approver": "2/d/user",
    # Only failures count, by django-axes, below: many people behind one address log in at nine o'clock.
    "login": None,
    "login_failed": None,
}
AXES_HANDLER = "companies.lockout.LockoutHandler"
AXES_USERNAME_CALLABLE = "companies.lockout.username_of"
AXES_CLIENT_IP_CALLABLE = "companies.lockout.address_of"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_FAILURE_LIMIT = positive("LOGIN_FAILURE_LIMIT", 5)
AXES_COOLOFF_TIME = positive("LOGIN_COOLOFF_HOURS", 1)
AXES_RESET_ON_SUCCESS = True
# Otherwise whoever keeps trying keeps the owner out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_HSTS_SECONDS = 31536000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS and HSTS_SUBDOMAINS
# That no host of the domain answers without TLS only its owner can say, and cannot take back for months.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"

# --- Mail ------------------------------------------------------------------------------------------------
# Without a mail server, mails are files that the person who runs the installation can open.
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail://")
vars().update(EMAIL_CONFIG)
EMAIL_FILE_PATH = folder("MAIL_DIR", STATE_DIR / "mail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Churn Buster <churnbuster@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- API -------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "companies.authentication.ApiKeyAuthentication",  # first: it tells whoever is nobody what to send
        "companies.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["companies.call_limits.AnonymousLimit"],
    # Not IsAuthenticated: that would let every key do everything where a view forgets to say who may.
    "DEFAULT_PERMISSION_CLASSES": ["companies.access.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": [
        "core.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "core.api.LimitedPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "core.api.exception_handler",
}
API_CALLS_PER_MINUTE = {
    "reading": positive("API_READS_PER_MINUTE", 1200),
    "predicting": positive("API_PREDICTIONS_PER_MINUTE", 6000),
    "changing": positive("API_CHANGES_PER_MINUTE", 60),
    "wrong-keys": positive("API_WRONG_KEYS_PER_MINUTE", 10),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Churn Buster",
    "DESCRIPTION": "Which customers are about to leave, why, and what to do.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api_docs.describe_call_limits",
    ],
    # Several tables have a state; without names of their own the schema would number them.
    "ENUM_NAME_OVERRIDES": {
        "DeploymentRole": "registry.models.ModelDeployment.Role",
        "JobState": "jobs.models.Job.State",
        "LogState": "transactions.api.v2.STATES",
        "ModelVersionState": "registry.models.ModelVersion.State",
    },
    # With `deepLinking` each button that opens a call has a link in it, and screen readers cannot tell
    # which is which; with a `validatorUrl` the page asks a service elsewhere whether the schema is valid.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False, "validatorUrl": None},
}

# --- What a browser may do -------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"

# --- Language, time, logs --------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "churnbuster.formats"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
LOG_FORMAT = choice("LOG_FORMAT", ("console", "json"))
LOG_LEVEL = choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR"))
# Every line carries what is known about its request or job: request_id, user_id, ip, job, attempt.
_LOG_CONTEXT = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_LOG_RENDERERS = {
    # The plain traceback: with rich installed, the default prints the value of every variable, passwords too.
    "console": [
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    ],
    "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "foreign_pre_chain": _LOG_CONTEXT,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_LOG_RENDERERS[LOG_FORMAT],
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would print a second time, or mail.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # Says of refused and failed requests what core.middleware says with their id.
        "django.request": {"level": "CRITICAL"},
        # Swallows nothing: each failed check is in the answer of /health, which is asked every few seconds.
        "health_check": {"level": "CRITICAL"},
        "axes.apps": {"level": "WARNING"},
        # Tell every page of a report and every letter of its fonts.
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "WARNING"},
        # The clock rings every few seconds; what a job did stands in its row and in our own lines.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        # Tells of each connection to Spark that it closes, also when Python is on its way out.
        "py4j": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # A folder has no host name.
        "kombu.connection": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_LOG_CONTEXT,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Tasks of the clock come every few seconds: their coming and going is worth a line only to who debugs.
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG
# The first line of a request says nothing that its last line does not.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG

# --- Is it well? -----------------------------------------------------------------------------------------
HEALTH_MIN_FREE_MB = positive("HEALTH_MIN_FREE_MB", 500)
HEALTH_CHECKS = [
    "health_check.checks.Database",
    "core.health.Cache",
    "core.health.Broker",
    "core.health.Disk",
    "core.health.Storage",
    "core.health.Writing",
    "core.health.Events",
    "jobs.health.Worker",
    "jobs.health.Clock",
]

# --- Models ----------------------------------------------------------------------------------------------
DATASET_A = BASE_DIR / "DatasetA.csv"
DEFAULT_MODEL_TYPES = env.list(
    "DEFAULT_MODEL_TYPES",
    default=["neural_network", "random_forest", "gradient_boosting", "decision_tree", "logistic_regression"],
)
RETRAIN_MODEL_TYPE = env.str("RETRAIN_MODEL_TYPE", default="neural_network")
# Which types a search tries, for how many seconds all together, and by which weights it ranks them.
SEARCH_MODEL_TYPES = env.list(
    "SEARCH_MODEL_TYPES",
    default=["logistic_regression", "random_forest", "xgboost", "lightgbm", "support_vector_machine"],
)
SEARCH_SECONDS = positive("SEARCH_SECONDS", 180)
SEARCH_WEIGHTS = choice("SEARCH_WEIGHTS", ("advisor", "section-5"))
TRAINING_MEMORY_MB = positive("TRAINING_MEMORY_MB", 2048)

# --- Purchase logs ---------------------------------------------------------------------------------------
FEATURE_ENGINE = choice("FEATURE_ENGINE", ("duckdb", "spark"))
SPARK_MASTER = env.str("SPARK_MASTER", default="local[*]")
FEATURE_MEMORY_MB = positive("FEATURE_MEMORY_MB", 4096)
