"""Serve the pages and the API with uvicorn, on the port that the settings name."""

import os

import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")


def main():
    from django.conf import settings

    uvicorn.run(
        "churnbuster.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        lifespan="off",
        log_level="warning",
        server_header=False,
        # An open page must not keep `make run` from stopping.
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
