"""The command line: dongdong …"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from hub.commands import administer, demo, run, say, show_settings
from hub.domain.errors import DongdongError
from hub.domain.words import say as sentence
from hub.settings import SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 done, 1 not done, 2 not understood."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["sim"]:  # a program of its own, with a help of its own
        command = [sys.executable, "-m", "firmware_sim", *given[1:]]
        return subprocess.call(command)  # noqa: S603 - our own program, with what the user wrote
    options = _parser().parse_args(given)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dongdong", description="栋栋响：一句话到每栋楼，一按铃有人来。")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (run, demo, administer, say, show_settings):
        module.add_to(commands)
    commands.add_parser("sim", help="模拟楼栋 · simulated buildings (dongdong sim --help)", add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
