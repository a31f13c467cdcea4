"""A bench that does rounds which a seed gives, on an example community of its own."""

from __future__ import annotations

import argparse
import secrets
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.report import Figure, show
from tests.world.community import Community, example_community

Measure = Callable[[Community, Path, int, int], Coroutine[Any, Any, list[Figure]]]
"""Given the community, a folder, how many rounds, and the seed."""


def run_rounds(title: str, description: str | None, measure: Measure) -> int:
    """The command line of such a bench: measures and shows; the exit status."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", dest="is_json")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, help="which rounds; another one each time when left out")
    options = parser.parse_args()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    whole = f"{title}, {options.rounds} rounds, seed {seed}"
    print(whole, flush=True)
    with tempfile.TemporaryDirectory(prefix="dongdong-rounds-") as name:
        measured = uvloop.run(measure(example_community(Path(name)), Path(name), options.rounds, seed))
    return show(whole, measured, is_json=options.is_json)
