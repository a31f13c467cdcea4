"""What may be said of a device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.domain.devices import (
    BUTTON_PROVED_FOR_MS,
    LOST_AFTER_MS,
    NO_STATE,
    PROVED_FOR_MS,
    SAYS_OFFLINE,
    SAYS_ONLINE,
    UNCONFIRMED,
    Device,
    Link,
    Part,
    is_fine,
    link,
    unproved,
)

NOW = 1_764_561_600_000
FINE = Device(
    "dev-1",
    "building-1",
    state=SAYS_ONLINE,
    heard_ms=NOW,
    proved_ms={Part.SPEAKER: NOW, Part.MICROPHONE: NOW},
    buttons={"101": NOW},
)


@pytest.mark.parametrize(
    ("state", "silent_ms", "expected"),
    [
        (NO_STATE, None, Link.NEVER),
        (NO_STATE, 0, Link.ONLINE),
        (SAYS_ONLINE, None, Link.NEVER),
        (SAYS_ONLINE, LOST_AFTER_MS - 1, Link.ONLINE),
        (SAYS_ONLINE, LOST_AFTER_MS, Link.LOST),
        (UNCONFIRMED, None, Link.NEVER),
        (UNCONFIRMED, 0, Link.LOST),
        (SAYS_OFFLINE, None, Link.OFFLINE),
        (SAYS_OFFLINE, 0, Link.OFFLINE),
    ],
)
def test_a_link_is_what_was_observed_and_no_more(state: str, silent_ms: int | None, expected: Link) -> None:
    heard_ms = None if silent_ms is None else NOW - silent_ms
    assert link(replace(FINE, state=state, heard_ms=heard_ms), NOW) is expected


def test_a_device_that_was_never_heard_of_is_faulty_in_every_part() -> None:
    new = Device("dev-1", "building-1", buttons={"102": None, "101": None})
    assert unproved(new, NOW) == ["speaker", "microphone", "button 101", "button 102"]
    assert not is_fine(new, NOW)


def test_a_device_that_is_linked_and_proved_is_fine() -> None:
    assert unproved(FINE, NOW) == []
    assert is_fine(FINE, NOW)


def test_a_link_alone_is_never_fine() -> None:
    assert not is_fine(replace(FINE, proved_ms={}), NOW)


def test_proofs_alone_are_not_fine_either() -> None:
    assert not is_fine(replace(FINE, state=SAYS_OFFLINE), NOW)


@pytest.mark.parametrize("part", [Part.SPEAKER, Part.MICROPHONE])
def test_a_proof_holds_for_a_day(part: Part) -> None:
    old = {**FINE.proved_ms, part: NOW - PROVED_FOR_MS}
    assert unproved(replace(FINE, proved_ms=old), NOW) == [part.value]
    assert unproved(replace(FINE, proved_ms={**old, part: NOW - PROVED_FOR_MS + 1}), NOW) == []


def test_a_button_is_proved_by_a_press_for_thirty_days() -> None:
    assert unproved(replace(FINE, buttons={"101": NOW - BUTTON_PROVED_FOR_MS}), NOW) == ["button 101"]
    assert unproved(replace(FINE, buttons={"101": NOW - BUTTON_PROVED_FOR_MS + 1}), NOW) == []
