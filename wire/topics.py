"""Every topic name of the contract: built here, parsed here, written out nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass

ROOT = "dd/v1"
HUB_STATUS = f"{ROOT}/hub/status"

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
"""Devices, communities and places are named by slugs of 1 to 48 characters."""

FROM_DEVICE = ("status", "press", "receipt", "health", "clock", "call", "reply")
TO_DEVICE = ("accepted", "alert", "config", "command", "announce", "call")
RESERVED_DEVICE = "hub"


class BadName(ValueError):
    """A device, community or place name that no topic may hold."""


@dataclass(frozen=True, slots=True)
class FromDevice:
    """A topic below a device's own branch: which device, and which kind of message."""

    device: str
    kind: str


def is_slug(name: str) -> bool:
    """Whether `name` may stand in a topic."""
    return SLUG.fullmatch(name) is not None


def _slug(name: str) -> str:
    if not is_slug(name):
        raise BadName(f"{name!r} is not a name of 1-48 small letters, digits and hyphens")
    return name


def device(name: str, kind: str) -> str:
    """The topic of one message kind of one device, in either direction."""
    if kind not in FROM_DEVICE and kind not in TO_DEVICE:
        raise BadName(f"{kind!r} is no kind of device message")
    if name == RESERVED_DEVICE:
        raise BadName("'hub' is reserved and cannot name a device")
    return f"{ROOT}/dev/{_slug(name)}/{kind}"


def clock_answer(name: str) -> str:
    """Where the answers to a device's clock probes go: the Response Topic of its requests."""
    return f"{device(name, 'clock')}/answer"


def every_device(kind: str) -> str:
    """The subscription filter for one message kind from all devices."""
    return f"{ROOT}/dev/+/{kind}"


def place(community: str, name: str) -> str:
    """Where announcements for one place are published."""
    return f"{ROOT}/place/{_slug(community)}/{_slug(name)}/announce"


def audio(sha256: str) -> str:
    """Where the audio file with this hash (64 hexadecimal digits) is retained."""
    if re.fullmatch(r"[0-9a-f]{64}", sha256) is None:
        raise BadName(f"{sha256!r} is not a SHA-256 in small hexadecimal digits")
    return f"{ROOT}/audio/{sha256}"


def live(announcement_id: str) -> str:
    """Where the frames of a live announcement are published; raises BadName for what is no id."""
    if re.fullmatch(r"[A-Za-z0-9-]{1,64}", announcement_id) is None:
        raise BadName(f"{announcement_id!r} is no id")
    return f"{ROOT}/live/{announcement_id}"


def parse_from_device(topic: str) -> FromDevice | None:
    """The device and message kind of a topic that a device publishes to, or None for any other topic."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[:3] != ["dd", "v1", "dev"]:
        return None
    name, kind = parts[3], parts[4]
    if kind not in FROM_DEVICE or not is_slug(name) or name == RESERVED_DEVICE:
        return None
    return FromDevice(name, kind)


def parse_audio(topic: str) -> str | None:
    """The hash that an audio topic ends in, or None for any other topic."""
    prefix = f"{ROOT}/audio/"
    return topic[len(prefix) :] if topic.startswith(prefix) else None


def parse_live(topic: str) -> str | None:
    """The announcement whose frames a topic carries, or None for any other topic."""
    prefix = f"{ROOT}/live/"
    return topic[len(prefix) :] if topic.startswith(prefix) else None
