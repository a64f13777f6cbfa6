"""A real server that speaks S3, and the buckets of the installation on it."""

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

from churnbuster.env import buckets
from core.files.stored import BUCKETS, DATASETS


@pytest.fixture(scope="session")
def s3_server():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield f"s3://key:secret@127.0.0.1:{server._server.server_port}/?prefix=cb-&https=false"
    server.stop()


@pytest.fixture
def use_s3(s3_server, settings):
    """Return a function that puts the buckets on the server, as STORAGE_URL does."""

    def use(*, is_public=False):
        settings.STORAGE_PUBLIC = is_public
        settings.STORAGES = settings.STORAGES | buckets(
            s3_server, aliases=BUCKETS, is_public=is_public, url_minutes=60
        )
        call_command("make_buckets", verbosity=0)

    yield use
    if "S3" in type(storages[DATASETS]).__name__:
        for bucket in BUCKETS:
            storages[bucket].bucket.objects.delete()
