"""The lock files: they hold all that the project asks for, each with hashes, and no address of any index."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("deploy/requirements.lock", "deploy/agent.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NPM_LOCK = json.loads((ROOT / "deploy/browser/package-lock.json").read_text("utf-8"))


def locked(name: str) -> dict[str, list[Requirement]]:
    """What a lock file pins, by name; one name may stand there twice, for older and newer Pythons."""
    pins: dict[str, list[Requirement]] = {}
    for entry in (ROOT / name).read_text("utf-8").replace("\\\n", " ").splitlines():
        if entry and not entry.lstrip().startswith("#"):
            requirement, *hashes = entry.split(" --hash=")
            assert hashes, f"{requirement} has no hash"
            pin = Requirement(requirement)
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def asked(*extras: str) -> list[Requirement]:
    """What the project asks for with these extras, without itself."""
    texts = [*PROJECT["dependencies"], *(text for e in extras for text in PROJECT["optional-dependencies"][e])]
    return [each for each in map(Requirement, texts) if each.name != PROJECT["name"]]


@pytest.mark.parametrize(("lock", "extras"), [(LOCKS[0], ("hub", "agent", "sim", "dev")), (LOCKS[1], ("agent",))])
def test_a_lock_holds_a_fitting_version_of_all_that_is_asked_for(lock: str, extras: tuple[str, ...]) -> None:
    pins = locked(lock)
    for wanted in asked(*extras):
        found = pins.get(canonicalize_name(wanted.name), [])
        assert found, f"{wanted} is not in {lock}; run deploy/lock"
        for pin in found:
            (version,) = pin.specifier
            assert version.operator == "=="
            assert wanted.specifier.contains(version.version), f"{wanted} is locked as {pin}; run deploy/lock"


def test_a_device_gets_the_same_versions_and_nothing_of_the_hub() -> None:
    everything, device = locked(LOCKS[0]), locked(LOCKS[1])
    for name, pins in device.items():
        assert [pin.specifier for pin in pins] == [pin.specifier for pin in everything[name]]
    assert not {"sqlalchemy", "fastapi", "uvicorn", "pytest"} & device.keys()


def test_pydubs_missing_module_is_locked_for_newer_pythons_only() -> None:
    (pin,) = locked(LOCKS[0])["audioop-lts"]
    assert pin.marker is not None
    assert pin.marker.evaluate({"python_full_version": "3.13.0"})
    assert not pin.marker.evaluate({"python_full_version": "3.11.2"})


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock: str) -> None:
    assert re.findall(r"://|--index|--find-links|--extra", (ROOT / lock).read_text("utf-8")) == []


def test_every_browser_package_is_pinned_by_its_content_and_not_by_an_address() -> None:
    packages = {name: package for name, package in NPM_LOCK["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []
