"""When a rung counts as failed, by what became of its messages."""

from dataclasses import dataclass

import pytest

from hub.domain.alerts import Alert, Kind, Purpose, State
from hub.domain.sendings import has_rung_failed, may_have_failed

OPEN = Alert("a1", Kind.CALL, "home-1", "panel", "b", "building-1", None, 0, State.OPEN, 0, 45_000, 15_000)


@dataclass(frozen=True)
class Sent:
    """What became of a request."""

    state: str
    attempts: int = 1
    rung: int = 0
    purpose: Purpose = Purpose.ASK
    person_id: str | None = "wang"


@pytest.mark.parametrize(
    ("sendings", "has_failed"),
    [
        ([Sent("failed"), Sent("failed")], True),
        ([Sent("failed"), Sent("due", attempts=2)], True),  # it is tried again, and not waited for
        ([Sent("failed"), Sent("due", attempts=1)], False),
        ([Sent("failed"), Sent("sent")], False),
        ([Sent("failed"), Sent("sent", rung=1)], True),
        ([Sent("failed"), Sent("sent", purpose=Purpose.THANKS)], True),
        ([Sent("failed"), Sent("dropped")], True),
        ([Sent("failed"), Sent("sent", person_id=None)], True),  # the duty webhook is nobody who goes
        ([Sent("sent"), Sent("failed", person_id=None)], False),
        ([Sent("sent", person_id=None)], False),
        ([Sent("failed", person_id=None)], True),
    ],
)
def test_a_rung_has_failed_when_every_request_of_it_has(sendings: list[Sent], has_failed: bool) -> None:
    assert has_rung_failed(OPEN, sendings) == has_failed


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ([Sent("failed")], True),
        ([Sent("due")], True),
        ([Sent("sent")], False),
        ([Sent("failed"), Sent("sent")], False),
        ([Sent("failed"), Sent("sent", rung=1)], True),
        ([Sent("failed"), Sent("sent", person_id=None)], True),
    ],
)
def test_only_bad_news_without_any_good_is_reason_to_look_at_the_whole_rung(news: list[Sent], expected: bool) -> None:
    assert may_have_failed(OPEN, news) == expected
