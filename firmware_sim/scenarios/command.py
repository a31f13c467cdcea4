"""dongdong sim run SCENARIO and dongdong sim list: what the user sees of it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop

from firmware_sim.fleet import BadFleet
from firmware_sim.fleet import load as load_fleet
from firmware_sim.scenarios import crowds, world
from firmware_sim.scenarios.gateway import Gateway
from firmware_sim.scenarios.loading import BadScenario, found, load, shipped
from firmware_sim.scenarios.model import Scenario
from firmware_sim.scenarios.page import page
from firmware_sim.scenarios.play import NotConnected, play
from firmware_sim.scenarios.results import Results
from firmware_sim.scenarios.world import NoWorld, World

PLAIN_EVERY_S = 5.0
"""Where the terminal cannot overwrite a line, progress is a line every so often."""
EXPECTED = (NoWorld, NotConnected, BadFleet, crowds.CrowdEnded, TimeoutError)
MARKS = {True: "✓", False: "✗", None: " "}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a scenario."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="结果放在哪里 · folder for the results")
    parser.add_argument("--devices", type=int, metavar="N", help="改用 N 台设备 · so many devices instead")
    parser.add_argument("--seed", type=int, metavar="N", help="改用这个随机种子 · this seed instead")
    parser.add_argument("--hub", metavar="URL", help="用已在运行的中心 · a hub that runs already")
    parser.add_argument("--token", metavar="TOKEN", help="它的工作人员令牌 · its token of role staff")
    parser.add_argument("--fleet-file", type=Path, metavar="FLEET.json", help="它的设备 · its devices and their logins")


def show_list() -> int:
    """Prints the shipped scenarios."""
    for name, path in shipped().items():
        scenario = load(path)
        _print(f"{name}  {scenario.title}  ({scenario.devices})\n    {scenario.about.zh}\n    {scenario.about.en}")
    return 0


def run(name: str, options: argparse.Namespace) -> int:
    """Plays it: 0 when every figure holds, 1 when one does not or it cannot be played, 2 for a bad scenario."""
    try:
        scenario = _changed(load(found(name)), options)
        out = options.out or Path(f"sim-{Path(name).stem}-{time.strftime('%Y%m%d-%H%M%S')}")
        out.mkdir(parents=True, exist_ok=True)
    except (BadScenario, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to its user
        return 2
    try:
        results = uvloop.run(_played(scenario, options))
    except (*EXPECTED, ExceptionGroup) as error:
        print(_why(error), file=sys.stderr)  # noqa: T201 - as above
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 1
    _show(results)
    (out / "results.json").write_text(json.dumps(results.to_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    (out / "index.html").write_text(page(results), encoding="utf-8")
    _print(f"\n结果 results: {out / 'index.html'}")
    return 0 if results.holds else 1


def _why(error: Exception) -> str:
    """The sentence in an expected error, which a task group may have wrapped; raises any other."""
    inner: Exception = error
    while isinstance(inner, ExceptionGroup):
        inner = inner.exceptions[0]
    if not isinstance(inner, EXPECTED):
        raise error
    return str(inner) or "模拟设备的进程自己结束了。\nA process of simulated devices has ended by itself."


def _changed(scenario: Scenario, options: argparse.Namespace) -> Scenario:
    """With what the command line says instead; checked as if it stood in the file."""
    given = {name: value for name in ("devices", "seed") if (value := getattr(options, name)) is not None}
    return Scenario.model_validate({**scenario.model_dump(), **given}) if given else scenario


async def _played(scenario: Scenario, options: argparse.Namespace) -> Results:
    task = asyncio.current_task()
    assert task is not None
    # Whoever ends us must not leave the hub behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with _world(scenario, options) as where:
        count = len(load_fleet(where.fleet).buildings)
        scenario = scenario.model_copy(update={"devices": count})
        async with crowds.started(where.fleet, scenario.processes, scenario.seed) as devices:
            return await play(scenario, where, devices, _Progress())


@contextlib.asynccontextmanager
async def _world(scenario: Scenario, options: argparse.Namespace) -> AsyncIterator[World]:
    if options.hub is not None:
        if options.token is None or options.fleet_file is None:
            raise NoWorld("--hub 要和 --token、--fleet-file 一起给。\n--hub needs --token and --fleet-file too.")
        yield world.told(options.hub, options.token, options.fleet_file)
        return
    with tempfile.TemporaryDirectory(prefix="dongdong-sim-") as folder:
        _print("正在准备中心、消息服务器和社区 · preparing hub, broker and community …")
        async with Gateway() as gateway, world.started(Path(folder), scenario.devices, gateway) as where:
            yield where


class _Progress:
    """One line that is written over on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._said_s = 0.0

    def __call__(self, line: str) -> None:
        now_s = time.monotonic()
        if self._is_terminal:
            sys.stderr.write(f"\r\033[K{line}")
        elif now_s - self._said_s >= PLAIN_EVERY_S:
            self._said_s = now_s
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _show(results: Results) -> None:
    """All figures, round by round."""
    loads = " → ".join(f"{one:.2f}" for one in results.load)
    _print(f"\n{results.scenario.title}  ({results.cores} CPU, load {loads})")
    for one in results.rounds:
        _print(f"\n{one.name}")
        for figure in one.figures:
            hold = f"  ({figure.hold})" if figure.hold else ""
            _print(f"  {MARKS[figure.is_held]} {figure.zh} · {figure.en}: {figure.value}{hold}")


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command line speaks to its user
