"""The simulator's command line: run a fleet, press a button in it, let something go wrong."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from firmware_sim import process
from firmware_sim.control import ALL, ask
from firmware_sim.fleet import BadFleet, Fault, Fleet, load
from firmware_sim.light import crowd
from firmware_sim.recordings import matches
from firmware_sim.scenarios import command as scenario_command

GRACE_S = 15.0  # what buildings get to say `offline` before their process is killed


def main(argv: list[str] | None = None) -> int:
    """Runs one command; the exit code is 0 when it did what was asked, 1 when not, 2 for a wrong command."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "crowd":
        return crowd.main(arguments.fleet, arguments.index, arguments.processes, arguments.seed)
    if arguments.command == "list":
        return scenario_command.show_list()
    if arguments.command == "run" and arguments.fleet.suffix != ".json":
        return scenario_command.run(str(arguments.fleet), arguments)
    try:
        fleet = load(arguments.fleet)
    except BadFleet as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    match arguments.command:
        case "run":
            return run(arguments.fleet, fleet, is_bound_to_stdin=arguments.while_stdin_open)
        case "process":
            process.main(arguments.fleet, arguments.index)
            return 0
        case "compare":
            for match in matches(fleet, arguments.source, arguments.at_ms):
                print(json.dumps(asdict(match)))  # noqa: T201
            return 0
        case "press":
            request = {"do": "press", "building": arguments.building, "button": arguments.button}
            return _ask(fleet, {**request, "gesture": arguments.gesture})
        case "fault":
            request = {"do": "fault", "building": arguments.building, "fault": arguments.fault}
            return _ask(fleet, {**request, "value": arguments.value})
        case _:
            return _ask(fleet, {"do": "state"})


def run(fleet_file: Path, fleet: Fleet, *, is_bound_to_stdin: bool) -> int:
    """Start the processes and stay until asked to end, or until one of them has ended by itself (then 1)."""
    fleet.data_dir.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    command = [sys.executable, "-m", "firmware_sim", "process", str(fleet_file)]
    # One BLAS thread: two cores are shared by all buildings, and numpy would start one for each core.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    children = [
        subprocess.Popen(  # noqa: S603 - our own module
            [*command, str(index)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )
        for index in range(fleet.processes)
    ]
    _Progress(len(fleet.buildings)).follow(children)
    if is_bound_to_stdin:
        threading.Thread(target=_wait_for_eof, args=(sys.stdin.buffer, ended), daemon=True).start()
    while not ended.wait(0.2) and all(child.poll() is None for child in children):
        pass
    return _end(children, is_asked=ended.is_set())


class _Progress:
    """Adds up what the processes say, and prints a line of JSON when it holds for all buildings."""

    def __init__(self, buildings: int) -> None:
        self._buildings = buildings
        self._begun_s = time.monotonic()
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def follow(self, children: list[subprocess.Popen[str]]) -> None:
        for child in children:
            assert child.stdout is not None
            threading.Thread(target=self._read, args=(child.stdout,), daemon=True).start()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            event, count = line.split()
            with self._lock:
                self._counts[event] = self._counts.get(event, 0) + int(count)
                if self._counts[event] == self._buildings:
                    seconds = round(time.monotonic() - self._begun_s, 3)
                    said = {"event": event, "buildings": self._buildings, "seconds": seconds}
                    print(json.dumps(said), flush=True)  # noqa: T201


def _wait_for_eof(stdin: IO[bytes], ended: threading.Event) -> None:
    while stdin.read(4096):
        pass
    ended.set()


def _end(children: list[subprocess.Popen[str]], *, is_asked: bool) -> int:
    for child in children:
        child.terminate()
    until_s = time.monotonic() + GRACE_S
    for child in children:
        try:
            child.wait(max(0.0, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return 0 if is_asked else 1


def _ask(fleet: Fleet, request: dict[str, Any]) -> int:
    """Ask the process that has the building; without one building, ask all of them."""
    names = [each.device for each in fleet.buildings]
    building = request.get("building", ALL)
    if building != ALL and building not in names:
        print(f"The fleet has no building {building}.", file=sys.stderr)  # noqa: T201
        return 1
    asked = range(fleet.processes) if building == ALL else [names.index(building) % fleet.processes]
    is_ok = True
    for index in asked:
        try:
            answer = ask(fleet.control_socket(index), request)
        except OSError as error:
            print(f"The simulator does not answer: {error.strerror}.", file=sys.stderr)  # noqa: T201
            return 1
        print(json.dumps(answer, ensure_ascii=False))  # noqa: T201
        is_ok = is_ok and bool(answer["ok"])
    return 0 if is_ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dongdong sim", description="模拟楼栋：真实的楼栋端程序，模拟的硬件。 Simulated buildings: the real agent."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    what = {
        "run": "运行一个场景，或全部楼栋直到 Ctrl-C · play a scenario, or run all buildings until Ctrl-C",
        "list": "列出自带的场景 · list the scenarios that come with it",
        "press": "按一个按钮 · press a button",
        "fault": "制造或解除故障 · let something go wrong, or right again",
        "compare": "把录音和一个声音文件比较 · compare the recordings with an Opus file",
        "state": "查看状态 · show state and cost",
        "process": argparse.SUPPRESS,
        "crowd": argparse.SUPPRESS,
    }
    parts = {name: commands.add_parser(name, help=text, description=text) for name, text in what.items()}
    for name, part in parts.items():
        if name == "run":
            what_to_run = "场景名、场景文件，或 FLEET.json · a scenario's name or file, or a fleet file"
            part.add_argument("fleet", type=Path, metavar="SCENARIO", help=what_to_run)
            scenario_command.add_options(part)
        elif name != "list":
            part.add_argument("fleet", type=Path, metavar="FLEET.json")
    for name in ("index", "processes", "seed"):
        parts["crowd"].add_argument(name, type=int)
    parts["run"].add_argument("--while-stdin-open", action="store_true", help="end with standard input")
    parts["process"].add_argument("index", type=int)
    parts["compare"].add_argument("source", type=Path, metavar="SOUND.ogg")
    parts["compare"].add_argument("at_ms", type=int, metavar="AT_MS", help="the agreed instant, Unix ms")
    for name in ("press", "fault"):
        parts[name].add_argument("building", help=f"a device name, or for faults {ALL}")
    parts["press"].add_argument("button")
    parts["press"].add_argument("gesture", nargs="?", default="press", choices=["press", "cancel", "arrival"])
    parts["fault"].add_argument("fault", choices=[each.value for each in Fault])
    parts["fault"].add_argument("value", nargs="?", type=float, default=1.0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
