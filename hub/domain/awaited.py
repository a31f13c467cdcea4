"""Whom the arrival rhythm on a button means while the alert is open, read from its journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.domain.alerts import Entry

RHYTHM_MS = 30_000
"""The rhythm takes 10 s, and has its way to the hub: an alert that was opened again so lately was opened by its first
press."""


class Line(Protocol):
    """An entry of the journal with its time."""

    @property
    def at_ms(self) -> int: ...
    @property
    def entry(self) -> Entry: ...


def awaited(journal: Sequence[Line], now_ms: int) -> str | None:
    """The person who comes: who accepted, or else their back-up, and has neither declined since nor been called back.

    Late or not: an elder's press and an expired promise open the alert again, and the helper is on the way all the
    same. Who had arrived is there no more, unless it was the rhythm itself that opened it again. What the transaction
    at hand has not written yet counts as of now. None: nobody is awaited, and the rhythm is a press.
    """
    gone: set[str] = set()
    backups: list[str] = []
    reopened_ms = now_ms
    for line in reversed(journal):
        actor = line.entry.actor
        match line.entry.what:
            case "withdrawn" | "declined":
                gone.add(actor)
            case "reopened" if actor == "elder":
                reopened_ms = line.at_ms
            case "reopened" | "acceptance_taken_back" | "closing_taken_back":
                return None
            case "arrived" if now_ms - reopened_ms > RHYTHM_MS:
                return None
            case "arrived" if actor != "elder":
                return actor
            case "backup":
                backups.insert(0, actor)
            case "accepted":
                return next((one for one in (actor, *backups) if one not in gone), None)
    return None
