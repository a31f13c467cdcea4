"""What has happened to alerts: those that ended lately, and the lines of a journal."""

from __future__ import annotations

from dataclasses import dataclass

from hub.console.seen import Seen
from hub.domain.alerts import State
from hub.services.views import alerts_view
from hub.services.views.alerts import JournalLine

LATELY = 10


@dataclass(frozen=True, slots=True)
class Closed:
    """An alert that has ended. `answered_ms` is how long nobody had accepted, None if nobody ever did."""

    id: str
    where: str
    closed_ms: int
    closed_by: str
    outcome: str
    seen: str
    answered_ms: int | None


def lately(seen: Seen) -> tuple[Closed, ...]:
    """The last alerts that have ended."""
    found = []
    for one in alerts_view(seen.tx, seen.now_ms, states=(State.CLOSED,), limit=LATELY):
        closing = next(row for row in reversed(seen.tx.alerts.journal(one.id)) if row.entry.what == "closed")
        found.append(
            Closed(
                id=one.id,
                where=one.home_name or one.place_name,
                closed_ms=one.closed_ms or closing.at_ms,
                closed_by=seen.calling.name_of(closing.entry.actor),
                outcome=str(closing.entry.detail["outcome"]),
                seen=str(closing.entry.detail["seen"]),
                answered_ms=one.accepted_ms - one.opened_ms if one.accepted_ms else None,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the journal. `who` is a name, or `elder` or `system`; what does not apply is empty."""

    at_ms: int
    what: str
    who: str
    asked: tuple[str, ...]
    eta_minutes: int | None
    seen: str
    text: str


def line(one: JournalLine) -> Line:
    """A journal line with what of its detail people read."""
    detail = one.detail
    asked, eta = detail.get("who"), detail.get("eta_minutes")
    said = (detail.get("text"), detail.get("outcome"), detail.get("reason"))
    return Line(
        at_ms=one.at_ms,
        what=one.what,
        who=one.actor_name or one.actor,
        asked=tuple(asked.split("+")) if isinstance(asked, str) else (),
        eta_minutes=eta if isinstance(eta, int) else None,
        seen=str(detail.get("seen") or ""),
        text=" · ".join(str(text) for text in said if text),
    )
