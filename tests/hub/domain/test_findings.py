"""What is to be known of a device's sound after one more conclusion."""

from __future__ import annotations

import itertools

import pytest

from hub.domain.announcements import Evidence, Progress, Reached, Totals, totals
from hub.domain.devices import Device, Part, fault, unproved
from hub.domain.findings import FAULTS, Finding, is_right, latest

NOW = 1_764_561_600_000
PROVED = {Part.SPEAKER: NOW - 10, Part.MICROPHONE: NOW - 10}


@pytest.mark.parametrize(("known", "new"), list(itertools.product(Finding, Finding)))
def test_the_newer_conclusion_holds_but_what_could_not_be_judged_covers_no_fault(known: Finding, new: Finding) -> None:
    covers = new is Finding.UNJUDGED and known in FAULTS
    assert latest((known, 5), new, 6) == ((known, 5) if covers else (new, 6))
    assert latest((known, 5), new, 4) == latest((known, 5), None, None) == (known, 5)


def test_the_first_conclusion_is_known() -> None:
    assert latest(None, Finding.UNJUDGED, 6) == (Finding.UNJUDGED, 6)
    assert latest(None, None, 6) is None


@pytest.mark.parametrize("found", Finding)
def test_a_fault_speaks_against_its_part_until_a_later_sound_is_heard_rightly(found: Finding) -> None:
    device = Device("dev-1", "building-1", proved_ms=PROVED, finding=found, finding_ms=NOW)
    wrong = {Finding.DEAD_MICROPHONE: ["microphone"]}.get(found, ["speaker"] if found in FAULTS else [])
    assert unproved(device, NOW) == wrong
    assert fault(device) == (found if found in FAULTS else None)
    since = Device("dev-1", "building-1", proved_ms=dict.fromkeys(PROVED, NOW + 1), finding=found, finding_ms=NOW)
    assert unproved(since, NOW + 1) == []
    assert fault(since) is None


def test_a_sound_proves_its_loudspeaker_unless_it_sounded_wrong() -> None:
    assert [is_right(one) for one in (None, Finding.FINE, Finding.TOO_QUIET, Finding.DISTORTED)] == [1, 1, 0, 0]


def test_sent_played_and_heard_are_three_different_things() -> None:
    heard, silent = Evidence(True, 0.9, 12.0, -30.0), Evidence(False, 0.0, 0.0, -60.0, Finding.SILENT)
    parts = [
        Progress("a", "p", Reached.SENT, {}),
        Progress("b", "p", Reached.SENT, {Reached.SENT: 1}),
        Progress("c", "p", Reached.READY, {Reached.READY: 1}),
        Progress("d", "p", Reached.PLAYED, {}, evidence=None),
        Progress("e", "p", Reached.PLAYED, {}, evidence=silent),
        Progress("f", "p", Reached.PLAYED, {}, evidence=heard),
        Progress("g", "p", Reached.INTERRUPTED, {}, evidence=heard),
    ]
    assert totals([(one, 1) for one in parts]) == Totals(sent=6, played=3, heard=1)
    assert totals([(parts[0], 7), (parts[5], 4)]) == Totals(sent=4, played=4, heard=4)
