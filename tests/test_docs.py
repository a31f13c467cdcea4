"""What the READMEs say is there: commands and their options, links and pictures, and the same in both languages."""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest

from firmware_sim import __main__ as firmware_sim
from hub import __main__ as hub
from hub.settings import explain

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = (*READMES, "CHANGELOG.md", "docs/decisions.md")
AGENT_COMMANDS = ("run", "doctor")
CODE = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ ", re.MULTILINE)
PICTURE_BYTES = 200_000


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code(name: str) -> list[str]:
    return CODE.findall(text(name))


def lines(name: str) -> Iterator[str]:
    """Every line of a code block, and every piece of code within a sentence."""
    for block in code(name):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", CODE.sub("", text(name)))


def commands(name: str, program: str) -> Iterator[list[str]]:
    """The arguments of each call of `program`, which stands at the beginning of a line or of `$(`, or after `bin/`."""
    for line in lines(name):
        for called in re.finditer(rf"(?:^|\$\(|(?<=bin/)){re.escape(program)} ([^|)&;]+)", line):
            yield shlex.split(called[1])


def misfits(program: Callable[[list[str]], int], words: list[str]) -> list[str]:
    """What in a call the program does not know: all of it when it does not understand it, else its options.

    Asked for its help behind them, a program judges commands and choices, and does nothing.
    """
    with redirect_stdout(StringIO()) as shown, redirect_stderr(StringIO()), pytest.raises(SystemExit) as ended:
        program([*words, "--help"])
    if ended.value.code != 0:
        return words
    return [one for one in words if one.startswith("--") and not re.search(rf"{one}(?![\w-])", shown.getvalue())]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_and_option_that_is_named_exists(name: str) -> None:
    for words in commands(name, "dongdong"):
        is_sim = words[0] == "sim"
        assert misfits(firmware_sim.main if is_sim else hub.main, words[is_sim:]) == [], words


@pytest.mark.parametrize("name", READMES)
def test_the_options_of_the_demo_exist(name: str) -> None:
    called = list(commands(name, "deploy/demo"))
    assert ["--check"] in called
    assert [misfits(hub.main, ["demo", *words]) for words in called] == [[]] * len(called)


@pytest.mark.parametrize("name", READMES)
def test_the_readmes_name_the_commands_that_people_start_with(name: str) -> None:
    named = {words[0] for words in commands(name, "dongdong")}
    assert {"hub", "token", "device", "say", "sim", "settings"} <= named
    assert {words[0] for words in commands(name, "dongdong-agent")} <= set(AGENT_COMMANDS)


@pytest.mark.parametrize("name", READMES)
def test_every_setting_that_is_named_exists(name: str) -> None:
    known = {one.name for one in explain({}, {})}
    named = set(re.findall(r"DONGDONG_[A-Z_]+", text(name)))
    assert named
    assert named <= known


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    links = [one for one in LINK.findall(text(name)) if not one.startswith(("http", "#"))]
    assert [one for one in links if not (ROOT / name).parent.joinpath(unquote(one).split("#")[0]).exists()] == []


@pytest.mark.parametrize("name", READMES)
def test_files_that_the_code_runs_exist(name: str) -> None:
    for path in re.findall(r"(?<![\w/.-])deploy/[\w.-]+", text(name)):
        assert (ROOT / path).is_file(), path
    for module in re.findall(r"-m (tests[\w.]+)", text(name)):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_both_readmes_have_the_same_headings_code_and_pictures() -> None:
    english, chinese = (text(name) for name in READMES)
    assert HEADING.findall(english) == HEADING.findall(chinese)
    assert code(READMES[0]) == code(READMES[1])
    pictures = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")
    assert pictures.findall(english) == pictures.findall(chinese) != []


def test_pictures_are_small() -> None:
    files = list((ROOT / "docs/pictures").iterdir())
    assert [one.name for one in files if one.stat().st_size > PICTURE_BYTES] == []


def test_what_does_not_exist_is_found() -> None:
    assert misfits(hub.main, ["hub", "--teleport"]) == ["--teleport"]
    assert misfits(hub.main, ["fly"]) == ["fly"]
    assert misfits(hub.main, ["device", "remove", "ID"]) == ["device", "remove", "ID"]
    assert misfits(firmware_sim.main, ["fault", "FLEET.json", "B", "rust"]) != []
    assert misfits(firmware_sim.main, ["press", "FLEET.json", "B", "N"]) == []
