"""What proves which part."""

from device_agent.core import health
from device_agent.core.health import Proofs, Vitals
from device_agent.core.hearing import Evidence
from tests.device_agent.core.values import UNIX_MS, at
from wire.messages import Finding

VITALS = Vitals(1.0, None, 0.5, 40.0, 900.0, -3.0, 2)


def test_only_what_was_heard_proves_speaker_and_microphone() -> None:
    silent = Evidence(heard=False, correlation=0.0, lag_ms=0.0, level_dbfs=-120.0)
    heard = Evidence(heard=True, correlation=0.9, lag_ms=12.0, level_dbfs=-30.0)
    assert health.heard(Proofs(), silent, at(5)) == Proofs()
    assert health.heard(Proofs(), heard, at(5)) == Proofs(UNIX_MS + 5, UNIX_MS + 5)


def test_a_press_proves_its_button_and_no_other() -> None:
    assert health.touched(Proofs(), "b", at(5)).buttons_ms == {"b": UNIX_MS + 5}


def test_what_was_never_proved_is_absent_from_the_report() -> None:
    report = health.report(Proofs(), {}, VITALS)
    assert (report.speaker_proved_ms, report.microphone_proved_ms, report.buttons_proved_ms) == (None, None, {})
    assert (report.outbox, report.clock_offset_ms) == (2, -3.0)


def judged(finding: Finding | None, *, heard: bool) -> Evidence:
    return Evidence(heard, 0.9 if heard else 0.0, 12.0, -30.0, finding)


def test_a_loudspeaker_that_sounds_wrong_is_not_proved_but_its_microphone_is() -> None:
    for finding in (Finding.TOO_QUIET, Finding.DISTORTED):
        proofs = health.heard(Proofs(), judged(finding, heard=True), at(5))
        assert proofs == Proofs(None, UNIX_MS + 5, finding=finding, finding_ms=UNIX_MS + 5)


def test_what_could_not_be_judged_does_not_cover_up_a_fault() -> None:
    faulty = health.heard(Proofs(), judged(Finding.SILENT, heard=False), at(5))
    assert health.heard(faulty, judged(Finding.UNJUDGED, heard=False), at(9)) == faulty
    mended = health.heard(faulty, judged(Finding.FINE, heard=True), at(9))
    assert (mended.finding, mended.speaker_ms) == (Finding.FINE, UNIX_MS + 9)
    assert health.heard(mended, judged(Finding.UNJUDGED, heard=False), at(12)).finding is Finding.UNJUDGED


def test_the_last_finding_is_in_the_report() -> None:
    report = health.report(Proofs(finding=Finding.SILENT, finding_ms=7), {}, VITALS)
    assert (report.finding, report.finding_at_ms) == (Finding.SILENT, 7)
