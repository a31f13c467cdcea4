"""The example community in a data folder, filled once by the commands that everybody has, and copied for each hub."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from hub.__main__ import main

DEVICE = "third-party"
PLACE = "building-17"
STAFF = ("one", "another")


@dataclass(frozen=True)
class Community:
    """A data folder that no hub has run on, with tokens of two of the staff and the login of DEVICE, at PLACE."""

    data: Path
    token: str
    second_token: str
    password: str

    def copy(self, to: Path) -> Path:
        """Another such folder; token and login are the same."""
        return shutil.copytree(self.data, to)


def example_community(folder: Path) -> Community:
    """Fills an empty folder. Not from within an event loop: the commands run one of their own."""
    data = folder / "data"
    _dongdong("example", "--data", str(data))
    tokens = [_dongdong("token", "--role", "staff", "--name", one, "--json", "--data", str(data)) for one in STAFF]
    login = _dongdong("device", "add", DEVICE, "--place", PLACE, "--json", "--data", str(data))
    first, second = (json.loads(one)["token"] for one in tokens)
    return Community(data, first, second, json.loads(login)["password"])


def _dongdong(*arguments: str) -> str:
    with redirect_stdout(StringIO()) as said:
        assert main(arguments) == 0
    return said.getvalue()
