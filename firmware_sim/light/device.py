"""One light device: its session, its settings, its presses and receipts; one socket and some kilobytes of memory."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from enum import Enum, auto
from importlib.metadata import version

from firmware_sim.fleet import Building
from firmware_sim.light import line, packets, rules
from firmware_sim.light.hearing import Hearing
from firmware_sim.light.line import Line
from firmware_sim.light.packets import Arrived
from firmware_sim.light.shared import CLOCK_EVERY_S, HEALTH_EVERY_S, Pressed, Shared, Sounds
from wire import messages, topics
from wire.ids import new_id
from wire.messages import Config, Gesture, Health, LinkState, Manifest, Press, Receipt, Status, Stop

AGENT = f"{version('dongdong')}-light"
OWN = ("accepted", "alert", "config", "command", "announce")
ANSWER_S = 10.0
"""A broker that has not welcomed us by then is tried anew."""


class Awaited(Enum):
    """What an answer of the broker is about, where it is not a receipt."""

    SUBSCRIBED = auto()
    BORN = auto()
    NOTHING = auto()


@dataclass(slots=True)
class Waiting:
    """A press without `accepted`."""

    payload: bytes
    sent: int = 0
    next_s: float = 0.0


class LightDevice:
    """Runs by itself once `switch_on` was called; `tick` must be called about once a second."""

    __slots__ = (
        "_awaited",
        "_clock_due_s",
        "_connecting_until_s",
        "_health_due_s",
        "_hearing",
        "_line",
        "_outbox",
        "_probe",
        "_retry",
        "_seq",
        "_session",
        "_shared",
        "_sounds",
        "_subscribed",
        "_tries",
        "_waiting",
        "building",
        "has_power",
        "is_up",
        "places",
    )

    def __init__(self, building: Building, shared: Shared, sounds: Sounds) -> None:
        self.building = building
        self.places: tuple[str, ...] = ()
        self.has_power = False
        self.is_up = False
        self._shared = shared
        self._sounds = sounds
        self._hearing = Hearing(shared, self._tell)
        self._line: Line | None = None
        self._session = ""
        self._subscribed: tuple[str, ...] = ()
        self._awaited: dict[int, Awaited | bytes] = {}
        self._outbox: list[bytes] = []
        self._waiting: dict[str, Waiting] = {}
        self._seq = 0
        self._tries = 0
        self._retry: asyncio.TimerHandle | None = None
        self._connecting_until_s = 0.0
        self._health_due_s = self._clock_due_s = 0.0
        self._probe: tuple[str, float] | None = None

    @property
    def waiting_presses(self) -> int:
        """Presses here that the hub has not accepted yet."""
        return len(self._waiting)

    @property
    def untold(self) -> int:
        """Receipts here that the broker has not taken yet."""
        return len(self._outbox)

    def part_in(self, announcement_id: str) -> str | None:
        """How far this announcement has come here; None for one that never came."""
        return self._hearing.reached(announcement_id)

    # --- what happens to it ----------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Power comes: connect at once."""
        self.has_power = True
        self._tries = 0
        self._connect()

    def cut_power(self) -> None:
        """Power goes: everything stops without a word. What is on its disk stays: presses, receipts, settings."""
        self.has_power = False
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._hearing.power_lost()
        self.cut_link()

    def cut_link(self) -> None:
        """The connection breaks without a word."""
        if self._line is not None:
            self._line.cut()

    def leave(self) -> None:
        """An orderly end: says `offline` and makes no new connection."""
        self.has_power = False
        if self._line is not None and self.is_up:
            self._publish("status", self._status(LinkState.OFFLINE), Awaited.NOTHING, is_retained=True)
            self._line.leave()

    def press(self, button: str) -> str:
        """A press of this button has reached the device: kept until the hub accepts it. Gives its id."""
        now_ms, now_s = self._shared.now_ms(), self._shared.loop.time()
        self._seq += 1
        press = Press(
            press_id=new_id(now_ms), button=button, gesture=Gesture.PRESS, pressed_at_ms=now_ms, seq=self._seq
        )
        self._shared.presses[press.press_id] = Pressed(button, time.monotonic())
        waiting = self._waiting[press.press_id] = Waiting(press.to_payload())
        if self.is_up:
            self._send_press(waiting, now_s)
        return press.press_id

    def tick(self, now_s: float) -> None:
        """About once a second: pings, health, the clock, presses that nobody has accepted, a greeting that is late."""
        if self._line is None:
            return
        if not self.is_up:
            if now_s > self._connecting_until_s:
                self._line.cut()
            return
        if now_s >= self._health_due_s:
            self._health_due_s = now_s + HEALTH_EVERY_S
            health = Health(uptime_s=now_s, outbox=len(self._waiting))
            self._line.send(packets.publish(self._topic("health"), health.to_payload()))
        if now_s >= self._clock_due_s:
            self._clock_due_s = now_s + CLOCK_EVERY_S
            self._ask_for_the_time()
        for waiting in self._waiting.values():
            if now_s >= waiting.next_s:
                self._send_press(waiting, now_s)
        self._line.keep_alive(now_s)

    # --- the connection --------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._retry = None
        if self._line is not None or not self.has_power:
            return
        self._session = new_id(self._shared.now_ms())
        self._connecting_until_s = self._shared.loop.time() + ANSWER_S
        will = packets.Will(self._topic("status"), self._status(LinkState.OFFLINE))
        building = self.building
        hello = packets.connect(
            building.device,
            building.user or building.device,
            building.password or "",
            will,
            keepalive_s=line.KEEPALIVE_S,
            session_s=line.SESSION_S,
            receive_maximum=line.RECEIVE_MAXIMUM,
        )
        self._line = Line(self, hello, self._shared.loop)
        task = self._shared.loop.create_task(self._open(self._line))
        task.add_done_callback(lambda done: done.result())

    async def _open(self, made: Line) -> None:
        address = self._shared.broker
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._shared.loop.create_connection(lambda: made, address.host, address.port)
        except (OSError, TimeoutError):
            self._shared.counts["connections_refused"] += 1
            self.lost()

    def greeted(self, code: int) -> None:
        """The broker lets us in, or not."""
        assert self._line is not None
        if code:
            self._shared.counts["connections_refused"] += 1
            self._line.cut()
            return
        own = [topics.device(self.building.device, kind) for kind in OWN]
        answer = topics.clock_answer(self.building.device)
        self._subscribe([*own, answer, topics.HUB_STATUS, *self._subscribed], Awaited.SUBSCRIBED)

    def answered(self, mid: int, code: int) -> None:
        """The broker's answer to something of ours."""
        what = self._awaited.pop(mid, Awaited.NOTHING)
        if code >= 128:
            self._shared.counts["refused_by_the_broker"] += 1
        if what is Awaited.SUBSCRIBED:
            self._publish("status", self._status(LinkState.ONLINE), Awaited.BORN, is_retained=True)
        elif what is Awaited.BORN:
            self._up()
        elif isinstance(what, bytes) and what in self._outbox:
            self._outbox.remove(what)

    def lost(self) -> None:
        """The connection is gone, or was never made."""
        if self._line is None:
            return
        if self.is_up:
            self._shared.counts["links_lost"] += 1
        self._line, self.is_up = None, False
        self._awaited.clear()
        self._sounds.lost(self)
        if self.has_power:
            wait_s = rules.back_after_s(self._tries, self._shared.chance)
            self._tries += 1
            self._retry = self._shared.loop.call_later(wait_s, self._connect)

    def _up(self) -> None:
        now_s, chance = self._shared.loop.time(), self._shared.chance
        self.is_up, self._tries = True, 0
        self._shared.counts["links_made"] += 1
        self._health_due_s = now_s + chance.uniform(0.0, HEALTH_EVERY_S)
        self._clock_due_s = now_s + chance.uniform(0.0, CLOCK_EVERY_S)
        for payload in self._outbox:
            self._publish("receipt", payload, payload)
        for waiting in self._waiting.values():
            self._send_press(waiting, now_s)
        self._sounds.linked(self)

    # --- what comes ------------------------------------------------------------------------------------

    def arrived(self, message: Arrived) -> None:
        """A message of the hub."""
        topic = message.topic
        if topic.endswith("/announce"):
            self._announced(message)
        elif (sha256 := topics.parse_audio(topic)) is not None:
            if message.payload and self._line is not None and self._sounds.came(sha256, message.payload):
                mid = self._line.new_mid()
                self._line.send(packets.unsubscribe(mid, [topic]))
        elif topic.endswith("/accepted"):
            self._accepted(message)
        elif topic.endswith("/config"):
            self._configured(message)
        elif topic.endswith("/clock/answer"):
            self._told_the_time(message)
        elif topic.endswith("/alert"):
            self._shared.counts["told"] += 1
        elif topic != topics.HUB_STATUS:
            self._shared.counts["not_understood"] += 1

    def _announced(self, message: Arrived) -> None:
        said = self._shared.announced(message)
        if isinstance(said, str) or said.to not in (self.building.device, *self.places):
            self._shared.counts["refused"] += 1
        elif isinstance(said, Manifest):
            self._hearing.manifest(said, self._sounds, self)
        elif isinstance(said, Stop):
            self._hearing.stop(said)
        else:  # without a loudspeaker there is nothing to do with live speech
            self._shared.counts["live_ignored"] += 1

    def _accepted(self, message: Arrived) -> None:
        said = self._shared.checked(message, lambda payload: messages.read(messages.Accepted, payload))
        if isinstance(said, str) or said.to != self.building.device:
            self._shared.counts["refused"] += 1
            return
        self._waiting.pop(said.press_id, None)
        pressed = self._shared.presses.get(said.press_id)
        if pressed is None:
            return
        if pressed.accepted_s is None:
            pressed.accepted_s = time.monotonic()
            pressed.is_new_alert = said.is_new_alert
        if said.alert_id is not None:
            pressed.alerts.add(said.alert_id)

    def _configured(self, message: Arrived) -> None:
        said = self._shared.checked(message, lambda payload: messages.read(Config, payload))
        if isinstance(said, str) or said.to != self.building.device:
            self._shared.counts["refused"] += 1
            return
        self.places = tuple(said.places)
        wanted = tuple(topics.place(said.community, name) for name in said.places)
        new, gone = set(wanted) - set(self._subscribed), set(self._subscribed) - set(wanted)
        self._subscribed = wanted
        if new:
            self._subscribe(sorted(new), Awaited.NOTHING)
        if gone and self._line is not None:
            self._line.send(packets.unsubscribe(self._line.new_mid(), sorted(gone)))

    def _told_the_time(self, message: Arrived) -> None:
        said = self._shared.checked(message, lambda payload: messages.read(messages.ClockAnswer, payload))
        if not isinstance(said, str) and self._probe is not None and said.nonce == self._probe[0]:
            self._shared.clock_ms.append(1e3 * (time.monotonic() - self._probe[1]))
            self._probe = None

    # --- Listener --------------------------------------------------------------------------------------

    def fetch(self, sha256: str) -> bool:
        """Ask the broker for a file."""
        if self.is_up:
            self._subscribe([topics.audio(sha256)], Awaited.NOTHING)
        return self.is_up

    def sound_came(self, sha256: str) -> None:
        """A file is here."""
        self._hearing.sound_came(sha256)

    # --- what goes -------------------------------------------------------------------------------------

    def _topic(self, kind: str) -> str:
        return topics.device(self.building.device, kind)

    def _status(self, state: LinkState) -> bytes:
        status = Status(state=state, session=self._session, agent=AGENT, at_ms=self._shared.now_ms())
        return status.to_payload()

    def _tell(self, receipt: Receipt) -> None:
        payload = receipt.to_payload()
        self._outbox.append(payload)
        if self.is_up:
            self._publish("receipt", payload, payload)

    def _send_press(self, waiting: Waiting, now_s: float) -> None:
        waiting.sent += 1
        waiting.next_s = now_s + rules.repeat_after_s(waiting.sent)
        self._shared.counts["presses_repeated"] += waiting.sent > 1
        self._publish("press", waiting.payload, Awaited.NOTHING)

    def _ask_for_the_time(self) -> None:
        assert self._line is not None
        nonce, now_s = os.urandom(16).hex(), time.monotonic()
        self._probe = (nonce, now_s)
        question = messages.ClockProbe(nonce=nonce, sent_ns=round(now_s * 1e9)).to_payload()
        answer = topics.clock_answer(self.building.device)
        self._line.send(packets.request(self._topic("clock"), question, answer, bytes.fromhex(nonce)))

    def _subscribe(self, wanted: list[str], awaited: Awaited) -> None:
        if self._line is not None:
            mid = self._line.new_mid()
            self._awaited[mid] = awaited
            self._line.send(packets.subscribe(mid, wanted))

    def _publish(self, kind: str, payload: bytes, awaited: Awaited | bytes, *, is_retained: bool = False) -> None:
        assert self._line is not None
        mid = self._line.new_mid()
        self._awaited[mid] = awaited
        self._line.send(packets.publish(self._topic(kind), payload, mid=mid, is_retained=is_retained))
