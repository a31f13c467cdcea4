"""What proves which part."""

from device_agent.core import health
from device_agent.core.health import Proofs, Vitals
from device_agent.core.hearing import Evidence
from tests.device_agent.core.values import UNIX_MS, at

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
