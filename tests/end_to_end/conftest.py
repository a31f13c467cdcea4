"""What the tests with real processes share."""

from __future__ import annotations

import pytest

from tests.world.community import Community, example_community


@pytest.fixture(scope="session")
def community(tmp_path_factory: pytest.TempPathFactory) -> Community:
    """The example community in a folder that no hub has run on; to be copied."""
    return example_community(tmp_path_factory.mktemp("community"))
