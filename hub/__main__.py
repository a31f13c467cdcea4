"""The command line: dongdong …"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from collections.abc import Sequence

from hub.domain.errors import DongdongError
from hub.domain.words import say as sentence
from hub.settings import SettingsError

MODULES = {
    "hub": "run",
    "demo": "demo",
    "example": "administer",
    "token": "administer",
    "device": "administer",
    "say": "say",
    "settings": "show_settings",
}
"""By command the module below hub.commands that adds it; the others are not loaded, all the hub takes 2 s of CPU."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 done, 1 not done, 2 not understood."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["sim"]:  # a program of its own, with a help of its own
        command = [sys.executable, "-m", "firmware_sim", *given[1:]]
        return subprocess.call(command)  # noqa: S603 - our own program, with what the user wrote
    options = _parser(given[:1]).parse_args(given)
    try:
        result: int = options.command(options)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to its user
        return 2
    except DongdongError as error:
        for language in ("zh", "en"):
            print(sentence(error.key, language, **error.params), file=sys.stderr)  # noqa: T201
        return 1
    return result


def _parser(wanted: Sequence[str] = ()) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dongdong", description="栋栋响：一句话到每栋楼，一按铃有人来。")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    names = [MODULES[one] for one in wanted if one in MODULES] or list(dict.fromkeys(MODULES.values()))
    for name in names:
        importlib.import_module(f"hub.commands.{name}").add_to(commands)
    commands.add_parser("sim", help="模拟楼栋 · simulated buildings (dongdong sim --help)", add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
