"""The file with which `dongdong sim` runs the devices of a data folder, and their logins."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.adapters.broker import add_logins
from hub.adapters.signing_key import signing_key
from hub.adapters.whole_files import replace_text
from hub.services.ports import Tx
from hub.settings import Settings

PROCESSES = 2
"""Processes that the simulated buildings share: one a core of the small machine (ARCHITECTURE.md)."""


def buttons_of_devices(tx: Tx) -> dict[str, list[str]]:
    """The names of the mapped buttons by device, of all devices."""
    return {device: [button.name for button in tx.devices.buttons_of(device)] for device in tx.devices.devices()}


def write_fleet(settings: Settings, devices: Mapping[str, Sequence[str]], path: Path) -> Path:
    """Writes the file that the simulator runs, with a password for each building.

    A building keeps the one it has: new passwords for sessions that wait for their devices have ended Mosquitto
    2.0.11 by a segmentation fault when the devices came back.
    """
    known = json.loads(path.read_text(encoding="utf-8"))["buildings"] if path.exists() else []
    passwords = {device: secrets.token_urlsafe(18) for device in devices}
    passwords |= {one["device"]: one["password"] for one in known if one["device"] in devices}
    add_logins(settings.data / "broker", passwords)
    fleet = {
        "broker": {"host": settings.mqtt.host, "port": settings.mqtt.port},
        "hub_keys": [signing_key(settings.data / "keys").public_bytes.hex()],
        "data_dir": str(settings.data / "sim"),
        "processes": PROCESSES,
        "buildings": [
            {"device": device, "password": passwords[device], "buttons": list(buttons)}
            for device, buttons in devices.items()
        ],
    }
    replace_text(path, json.dumps(fleet, indent=1))
    return path
