"""Gestures: what a hand on one button meant, told from the edges of its contact (ALERTS.md, Gestures)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from wire.messages import Gesture

CANCEL_MS = (5_000, 10_000)  # a hold that nobody makes by mistake, and no body lying on the button
RHYTHM_MS = (1_000, 2_000)  # presses and pauses of the arrival rhythm; frantic pressing is faster
RHYTHM_PRESSES = 3


@dataclass(frozen=True, slots=True)
class Contact:
    """One touch, from down to up, on the monotonic clock."""

    down_ms: int
    up_ms: int

    @property
    def held_ms(self) -> int:
        return self.up_ms - self.down_ms


@dataclass(frozen=True, slots=True)
class ButtonState:
    """`contacts` are the touches since the last closed alert, the newest last, as many as a rhythm has."""

    down_ms: int | None = None
    is_stuck: bool = False
    contacts: tuple[Contact, ...] = ()


def down(state: ButtonState, now_ms: int) -> tuple[ButtonState, list[Gesture]]:
    """Contact. It is a press at once, whatever it turns out to be later: a press never waits for the release.

    A second `down` without an `up` is an edge that was missed, and a press all the same.
    """
    return replace(state, down_ms=now_ms, is_stuck=False), [Gesture.PRESS]


def up(state: ButtonState, now_ms: int, *, is_accepted: bool) -> tuple[ButtonState, list[Gesture]]:
    """Release; `is_accepted` says whether somebody is on the way because of this button."""
    if state.down_ms is None:
        return state, []
    contact = Contact(state.down_ms, now_ms)
    is_second = bool(state.contacts)
    contacts = (*state.contacts, contact)[-RHYTHM_PRESSES:]
    if is_accepted and _is_rhythm(contacts):
        return ButtonState(contacts=contacts[-1:]), [Gesture.ARRIVAL]
    is_cancel = is_second and CANCEL_MS[0] <= contact.held_ms <= CANCEL_MS[1]
    return ButtonState(contacts=contacts), [Gesture.CANCEL] if is_cancel else []


def tick(state: ButtonState, now_ms: int) -> ButtonState:
    """Notice a button that is held for longer than a cancel: the press counts, and the button has a fault."""
    limit_ms = due(state)
    return state if limit_ms is None or now_ms < limit_ms else replace(state, is_stuck=True)


def due(state: ButtonState) -> int | None:
    """When `tick` has something to notice."""
    if state.down_ms is None or state.is_stuck:
        return None
    return state.down_ms + CANCEL_MS[1] + 1


def closed(state: ButtonState) -> ButtonState:
    """The alert is closed: the next touch is a first contact again."""
    return replace(state, contacts=())


def _is_rhythm(contacts: tuple[Contact, ...]) -> bool:
    if len(contacts) < RHYTHM_PRESSES:
        return False
    pauses = [later.down_ms - earlier.up_ms for earlier, later in pairwise(contacts)]
    spans = [contact.held_ms for contact in contacts] + pauses
    return all(RHYTHM_MS[0] <= span <= RHYTHM_MS[1] for span in spans)
