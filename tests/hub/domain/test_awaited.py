"""Whom the arrival rhythm means while an alert is open."""

from dataclasses import dataclass

import pytest

from hub.domain.alerts import Entry
from hub.domain.awaited import RHYTHM_MS, awaited

NOW_MS = 1_000_000


@dataclass(frozen=True)
class Line:
    """An entry of the journal with its time."""

    at_ms: int
    entry: Entry


def journal(*written: str) -> list[Line]:
    """Each `what actor`, all of them long ago."""
    return [Line(0, Entry(what, actor)) for what, actor in map(str.split, written)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["opened elder"], None),
        (["accepted wang", "acceptance_expired system"], "wang"),
        (["accepted wang", "pressed_again elder", "reopened elder", "asked system"], "wang"),
        (["accepted wang", "withdrawn wang"], None),
        (["accepted wang", "acceptance_expired system", "declined wang"], None),
        (["accepted wang", "reopened desk"], None),
        (["accepted wang", "acceptance_taken_back desk"], None),
        (["accepted wang", "closed desk", "closing_taken_back desk"], None),
        (["accepted wang", "backup li", "withdrawn wang"], "li"),
        (["accepted wang", "backup li", "withdrawn li", "reopened elder"], "wang"),
        (["accepted wang", "withdrawn wang", "accepted wang", "reopened elder"], "wang"),
        (["accepted wang", "withdrawn wang", "accepted li", "withdrawn li"], None),
        (["accepted wang", "arrived wang", "reopened elder"], None),
        (["accepted wang", "arrived elder", "reopened elder"], None),
    ],
)
def test_whoever_promised_to_come_is_awaited_until_they_say_otherwise_or_were_there(
    written: list[str], expected: str | None
) -> None:
    assert awaited(journal(*written), NOW_MS) == expected


@pytest.mark.parametrize("arrived", ["arrived wang", "arrived elder"])
def test_whoever_is_there_is_there_still_when_the_rhythm_itself_has_opened_the_alert_again(arrived: str) -> None:
    before = journal("accepted wang", arrived)
    for at_ms, expected in ((NOW_MS - RHYTHM_MS, "wang"), (NOW_MS - RHYTHM_MS - 1, None)):
        assert awaited([*before, Line(at_ms, Entry("reopened", "elder"))], NOW_MS) == expected
    assert awaited(before, NOW_MS) == "wang"  # opened again by the transaction at hand
