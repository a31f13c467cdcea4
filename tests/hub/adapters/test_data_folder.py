"""One hub a data folder: two would send devices their settings against each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.adapters.data_folder import FolderInUse, held


def test_a_second_hub_on_the_same_database_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(FolderInUse), held(tmp_path):
        pass
    with held(tmp_path):
        pass
