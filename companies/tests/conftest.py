from uuid import uuid4

import pytest


@pytest.fixture(autouse=True)
def own_cache(settings):
    """Count attempts anew in each test: the table of the cache is not rolled back with the others."""
    settings.CACHES = settings.CACHES | {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}
    }
