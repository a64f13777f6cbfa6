"""The installation that the walks share: making one and starting it takes longer than most of them."""

import pytest

from tests.installation import running_installation


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    """Return a running installation with the five defaults; each walk makes a company of its own in it."""
    with running_installation(tmp_path_factory.mktemp("server")) as running:
        yield running
