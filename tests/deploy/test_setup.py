"""The set-up scripts: quiet when there is nothing to do, and what they put in place."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ("deploy/setup", "deploy/demo", "deploy/test", "deploy/lock", "deploy/install-agent", ".ci/run")


def run(*command: str, cwd: Path = ROOT) -> str:
    """Run a command; returns all that it printed, fails when it fails."""
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_executable_and_plain_shell(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111 == 0o111
    run("sh", "-n", script)


def test_set_up_is_silent_when_everything_is_there() -> None:
    run("deploy/setup", "--test")
    assert run("deploy/setup", "--test") == ""


def test_set_up_refuses_an_option_it_does_not_know() -> None:
    result = subprocess.run([ROOT / "deploy/setup", "--tset"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, "usage: deploy/setup [--test]\n")


def test_what_was_cut_off_half_way_is_made_whole_by_the_next_run(tmp_path: Path) -> None:
    browser = ROOT / "deploy/browser"
    vendor = tmp_path / "vendor"
    (tmp_path / "vendor.new" / "icons").mkdir(parents=True)
    (tmp_path / "vendor.new" / "icons" / "half.svg").touch()
    run("sh", str(browser / "copy-assets"), str(browser), str(vendor))
    icons = (browser / "icons.txt").read_text("utf-8").split()
    assert sorted(path.stem for path in (vendor / "icons").iterdir()) == sorted(icons)
    assert (vendor / "htmx.min.js").stat().st_size > 10_000
    assert not (tmp_path / "vendor.new").exists()


def test_a_wheel_holds_what_the_pages_and_the_database_need(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for part in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / part, source)
    (source / "README.md").touch()
    for part in ("wire", "hub", "device_agent", "firmware_sim"):
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    python = str(ROOT / ".venv/bin/python")
    run(python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(source))
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    data = [
        path.relative_to(ROOT).as_posix()
        for package in ("hub", "device_agent", "firmware_sim")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts
    ]
    assert [name for name in data if name not in packed] == []
