"""A press arrives: read it, join it to its alert or open one, call the first people. One transaction a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.domain import alerts
from hub.domain.alerts import Alert, Kind, State
from hub.domain.awaited import awaited
from hub.domain.places import EVERYWHERE
from hub.services.ports import Button, PressRow, Tx
from hub.services.recording import Committed, Policy, Recording
from wire.ids import new_id
from wire.messages import Gesture, Press, Unreadable, read

UNREADABLE_BUTTON = "?"
"""Stands for the button of a press that could not be read; such presses of one device make one alert."""


@dataclass(frozen=True, slots=True)
class Received:
    """A payload as it came on a device's press topic. Not `is_readable`: it made the reader itself fail."""

    device: str
    payload: bytes
    received_ms: int
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Raised:
    """What a batch became: a stored row for each press received, in order, and what is to be done after the commit."""

    presses: tuple[PressRow, ...]
    committed: Committed


def read_press(received: Received) -> PressRow:
    """The press in a payload; one that cannot be read is still a press, and is kept whole."""
    if not received.is_readable:
        return _unreadable(received)
    try:
        press = read(Press, received.payload)
    except Unreadable:
        return _unreadable(received)
    return PressRow(
        device=received.device,
        press_id=press.press_id,
        pressed_at_ms=press.pressed_at_ms,
        seq=press.seq,
        button=press.button,
        gesture=press.gesture.value,
        received_ms=received.received_ms,
        alert_id=None,
        is_new_alert=False,
        episode_id=press.episode_id,
    )


def _unreadable(received: Received) -> PressRow:
    return PressRow(
        device=received.device,
        press_id=new_id(received.received_ms),
        pressed_at_ms=received.received_ms,
        seq=0,
        button=UNREADABLE_BUTTON,
        gesture=Gesture.PRESS.value,
        received_ms=received.received_ms,
        alert_id=None,
        is_new_alert=False,
        raw=received.payload,
    )


def raise_alerts(tx: Tx, received: Sequence[Received], policy: Policy, now_ms: int) -> Raised:
    """Stores every press of the batch that is new and lets each do what its gesture says.

    A repeat changes nothing and is answered with what was stored for it the first time.
    """
    presses = [read_press(one) for one in received]
    stored = tx.presses.known({press.key for press in presses})
    batch = _Batch(tx, [press for press in presses if press.key not in stored], policy, now_ms)
    fresh: list[PressRow] = []
    for press in presses:
        if press.key not in stored:
            stored[press.key] = batch.take(press)
            fresh.append(stored[press.key])
    committed = batch.recording.write()
    tx.presses.add(fresh)
    return Raised(tuple(stored[press.key] for press in presses), committed)


class _Batch:
    """The presses of one transaction, with what is known of their buttons, read at once for all of them."""

    def __init__(self, tx: Tx, presses: Sequence[PressRow], policy: Policy, now_ms: int) -> None:
        self.recording = Recording(tx, policy, now_ms)
        self._tx = tx
        self._now_ms = now_ms
        self._buttons = tx.devices.buttons({(press.device, press.button) for press in presses})
        self._places = tx.devices.places_of({press.device for press in presses})
        homes = {one.home_id for one in self._buttons.values() if one.home_id}
        self._homes = tx.places.homes(homes)
        self._open = tx.alerts.open_for({self._joins(press) for press in presses})
        self.recording.calling.prefetch({self.recording.calling.around(*self._where(press)) for press in presses})

    def take(self, press: PressRow) -> PressRow:
        """Lets the press do what its gesture says; gives the row with its alert."""
        joins = self._joins(press)
        alert = self._open.get(joins)
        step = None if alert is None else self._join(self.recording.current(alert), press)
        if alert is not None and step is not None:
            self.recording.add(step, press_ids=[press.press_id])
            return replace(press, alert_id=alert.id)
        if alert is not None or press.gesture not in (Gesture.PRESS, Gesture.SERVICE, Gesture.ARRIVAL):
            return replace(press, alert_id=alert.id if alert else None)
        opened = self._open_one(press, joins)
        self._open[joins] = opened
        return replace(press, alert_id=opened.id, is_new_alert=True)

    def _join(self, alert: Alert, press: PressRow) -> alerts.Step | None:
        match press.gesture:
            case Gesture.CANCEL:
                return alerts.said_fine(alert)
            case Gesture.ARRIVAL if by := self._arriving(alert):
                return alerts.arrival_shown(alert, by, self._now_ms)
            case Gesture.OK:
                return None
            case _:
                return self._pressed(alert, _kind(press))

    def _arriving(self, alert: Alert) -> str | None:
        """Who makes the arrival rhythm on the alert's button; None when it is only presses."""
        if alert.state is State.OPEN:
            return awaited(self._tx.alerts.journal(alert.id), self._now_ms)
        return alert.acceptor_id if alert.state is State.ACCEPTED else None

    def _pressed(self, alert: Alert, kind: Kind) -> alerts.Step:
        if alert.kind is Kind.SERVICE and kind is Kind.CALL:
            ladder = self.recording.ladder(replace(alert, kind=kind))
            return alerts.called_for_help(alert, ladder, self._now_ms)
        return alerts.pressed_again(alert, self._now_ms)

    def _open_one(self, press: PressRow, joins: str) -> Alert:
        """Opens an alert. An arrival that finds none to arrive at is a press too: somebody is at the button."""
        place, home_id = self._where(press)
        alert = Alert(
            id=new_id(self._now_ms),
            kind=_kind(press),
            joins=joins,
            device=press.device,
            button=press.button,
            place=place,
            home_id=home_id,
            opened_ms=self._now_ms,
            state=State.OPEN,
            rung=0,
            due_ms=self._now_ms,
            remind_ms=None,
        )
        step = alerts.opened(alert, self.recording.ladder(alert), self.recording.reaching(alert), self._now_ms)
        return self.recording.add(step, is_new=True, press_ids=[press.press_id])

    def _button(self, press: PressRow) -> Button | None:
        return self._buttons.get((press.device, press.button))

    def _joins(self, press: PressRow) -> str:
        button = self._button(press)
        return button.home_id if button and button.home_id else f"{press.device}/{press.button}"

    def _where(self, press: PressRow) -> tuple[str, str | None]:
        button = self._button(press)
        home = self._homes.get(button.home_id) if button and button.home_id else None
        if home:
            return home.place, home.id
        return self._places.get(press.device, EVERYWHERE), None


def _kind(press: PressRow) -> Kind:
    if press.raw is not None:
        return Kind.UNREADABLE
    return Kind.SERVICE if press.gesture == Gesture.SERVICE else Kind.CALL
