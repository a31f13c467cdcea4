"""Settings from file and environment, and sentences for what is wrong with them."""

from pathlib import Path

import pytest

from device_agent import settings
from device_agent.settings import BadSettings, ButtonPins

KEY = "ab" * 32
FILE = f"""
device = "building-17"
host = "hub.example"
hub_keys = ["{KEY}"]
password = "of the file"

[buttons.17-1-101]
pin = 17
lamp = 27
"""


def environment(folder: Path, text: str = FILE, **more: str) -> dict[str, str]:
    (folder / settings.FILE).write_text(text)
    return {settings.DATA: str(folder), **{settings.PREFIX + name: value for name, value in more.items()}}


def test_a_file_is_enough(tmp_path: Path) -> None:
    chosen = settings.load(environment(tmp_path))
    assert chosen.buttons == {"17-1-101": ButtonPins(pin=17, lamp=27)}
    assert (chosen.login().user, chosen.login().password, chosen.port) == ("building-17", "of the file", 8883)


def test_the_environment_is_enough(tmp_path: Path) -> None:
    said = {"DEVICE": "b-1", "HOST": "h", "PORT": "1883", "HUB_KEYS": f"{KEY},{KEY}", "USER": "u"}
    chosen = settings.load(environment(tmp_path, "", **said))
    assert (chosen.device, chosen.port, len(chosen.hub_keys), chosen.login().user) == ("b-1", 1883, 2, "u")


def test_the_environment_wins(tmp_path: Path) -> None:
    assert settings.load(environment(tmp_path, PASSWORD="of the environment")).password == "of the environment"


def test_no_password_is_ever_shown(tmp_path: Path) -> None:
    chosen = settings.load(environment(tmp_path))
    assert "of the file" not in repr(chosen) + repr(chosen.login())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "device"),
        (FILE.replace("pin = 17", "pin = 99"), "buttons.17-1-101.pin"),
        (FILE.replace(KEY, "short"), "hub_keys"),
        (FILE.replace("host", "hsot"), "host"),
        (FILE.replace("building-17", "Building 17"), "Building 17"),
        ("device =", "agent.toml"),
    ],
)
def test_what_is_wrong_is_named_in_both_languages(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadSettings) as raised:
        settings.load(environment(tmp_path, text))
    assert named in raised.value.zh
    assert named in raised.value.en
