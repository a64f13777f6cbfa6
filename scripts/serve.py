"""Serve the pages and the API with uvicorn, on the port that the settings name."""

import os

import uvicorn

from scripts.keep_running import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")


def server_options() -> dict:
    """Return how uvicorn serves, from the settings."""
    from django.conf import settings

    return {
        "host": settings.HOST,
        "port": settings.PORT,
        # One that was killed is started again by the first of them.
        "workers": settings.WEB_PROCESSES,
        "lifespan": "off",
        "http": "churnbuster.slow_requests:PatientProtocol",
        # No page of ours opens one: who asks for it is answered as for any other request.
        "ws": "none",
        "log_level": "warning",
        "server_header": False,
        # By itself uvicorn believes whoever calls from this machine.
        "proxy_headers": bool(settings.FORWARDED_ALLOW_IPS),
        "forwarded_allow_ips": settings.FORWARDED_ALLOW_IPS,
        # An open page must not keep `make run` from stopping.
        "timeout_graceful_shutdown": 3,
    }


def main():
    uvicorn.run("churnbuster.asgi:application", **server_options())


if __name__ == "__mp_main__":
    # A process that uvicorn started: it would keep the port where the first one and its keeper were killed.
    end_with_parent()

if __name__ == "__main__":
    main()
