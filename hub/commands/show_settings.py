"""dongdong settings: every setting, its value, where that comes from, and what it means."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from hub.commands import options as shared
from hub.settings import explain, unknown_names

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name


def add_to(commands: Commands) -> None:
    """Adds the command."""
    parser = commands.add_parser("settings", help="列出所有设置 · list all settings")
    shared.add_serving(parser)
    parser.set_defaults(command=show)


def show(options: argparse.Namespace) -> int:
    """Prints them; names that look like ours and are none are warned of."""
    for one in explain(shared.arguments(options)):
        print(f"{one.name} = {one.value or '-'}  ({one.source}; {one.default or '-'})\n    {one.zh} · {one.en}")  # noqa: T201
    for name in unknown_names():
        print(f"没有 {name} 这个设置 · there is no setting {name}", file=sys.stderr)  # noqa: T201
    return 0
