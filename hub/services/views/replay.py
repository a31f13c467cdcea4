"""An alert second by second, with names: how it stood, who was being asked, what the elder had been told."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.alerts import Purpose, State
from hub.domain.people import ChannelName
from hub.domain.replay import Frame, Line, Request, Saying, replay
from hub.services.calling import Calling
from hub.services.ports import Tx
from hub.services.views.alerts import AlertDetail, JournalLine, Named, Told, alert_view, named


@dataclass(frozen=True, slots=True)
class BeingAsked:
    """A request that was out at that second; the person is None for the duty webhook."""

    person: Named | None
    channel: ChannelName
    is_sent: bool


@dataclass(frozen=True, slots=True)
class ReplayFrame:
    """A second in which something happened. `after_ms` counts from the press; `rung` is the last line of asking."""

    at_ms: int
    after_ms: int
    state: State
    acceptor: Named | None
    lines: tuple[JournalLine, ...]
    rung: JournalLine | None
    asking: tuple[BeingAsked, ...]
    told: Told | None
    presses: int


@dataclass(frozen=True, slots=True)
class AlertReplay:
    """All frames of an alert, in order."""

    alert: AlertDetail
    frames: tuple[ReplayFrame, ...]


def replay_view(tx: Tx, alert_id: str, now_ms: int) -> AlertReplay:
    """The alert with its frames, from journal, tellings, notifications and presses alone. Raises NotFound."""
    alert = alert_view(tx, alert_id, now_ms)
    calling = Calling(tx, now_ms)
    frames = replay(
        [Line(row.at_ms, row.entry) for row in tx.alerts.journal(alert_id)],
        [
            Request(one.person_id, one.channel, one.created_ms, one.sent_ms)
            for one in tx.notifications.of_alert(alert_id)
            if one.purpose is Purpose.ASK
        ],
        [
            Saying(one.stage, one.person_id, one.minutes, one.created_ms, one.sent_ms)
            for one in sorted(tx.tellings.of_alert(alert_id), key=lambda one: one.stage_seq)
        ],
        [one.received_ms for one in tx.presses.of_alert(alert_id)],
    )
    return AlertReplay(alert, tuple(_frame(calling, alert, one) for one in frames))


def _frame(calling: Calling, alert: AlertDetail, frame: Frame) -> ReplayFrame:
    return ReplayFrame(
        at_ms=frame.at_ms,
        after_ms=max(0, frame.at_ms - alert.opened_ms // 1_000 * 1_000),
        state=frame.state,
        acceptor=named(calling, frame.acceptor_id),
        lines=tuple(alert.journal[index] for index in frame.lines),
        rung=None if frame.rung is None else alert.journal[frame.rung],
        asking=tuple(
            BeingAsked(named(calling, one.person_id), ChannelName(one.channel), one.sent_ms is not None)
            for one in frame.asking
        ),
        told=_told(calling, frame.saying) if frame.saying else None,
        presses=frame.presses,
    )


def _told(calling: Calling, saying: Saying) -> Told:
    person = named(calling, saying.person_id)
    return Told(saying.stage, person, saying.minutes, saying.created_ms, saying.sent_ms)
