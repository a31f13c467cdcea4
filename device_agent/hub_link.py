"""The agent's side of the wire: keeps a link up, checks what comes before anybody acts on it, sends what waits."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeAlias

from device_agent.clock import DeviceClock
from device_agent.core import events, ids
from device_agent.core.clock import (
    GOOD_NS,
    PROBE_AGAIN_S,
    PROBE_EVERY_S,
    PROBE_PAUSE_S,
    PROBES,
    Estimate,
    Probe,
    agreeing,
    better,
    estimate,
    followed,
    rate,
)
from device_agent.core.health import REPORT_EVERY_S
from device_agent.mqtt import Incoming, Link, LinkLost, Links, Outgoing
from device_agent.outbox import Outbox
from wire import live, messages, topics
from wire.signing import Refused, VerifyKeys

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 15.0  # before connecting again; half of it at random, so that 70 do not march
PRESS_WAIT_S = 2.0  # the longest while a press waits: a refused connection costs little, an elder's seconds much
PROBE_PATIENCE_S = 1.0

log = logging.getLogger(__name__)

Read: TypeAlias = Callable[[bytes], events.FromHub]

READERS: dict[str, Read] = {
    "accepted": lambda payload: messages.read(messages.Accepted, payload),
    "alert": lambda payload: messages.read(messages.AlertStage, payload),
    "config": lambda payload: messages.read(messages.Config, payload),
    "command": messages.read_command,
    "announce": messages.read_announce,
}
"""How the payload of each topic is read, by the topic's last part."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this device is, and which hub keys it trusts."""

    device: str
    keys: VerifyKeys


class _Named(messages.Message):
    """As much of a refused payload as is needed to report the refusal."""

    announcement_id: messages.Id


class HubLink:
    """`post` takes events for the core, `came` audio files, `spoken` frames of live speech by announcement id,
    `report` gives the health message of this instant."""

    def __init__(
        self,
        identity: Identity,
        links: Links,
        outbox: Outbox,
        clock: DeviceClock,
        post: Callable[[events.Event], None],
        came: Callable[[str, bytes], None],
        spoken: Callable[[str, live.Frame], None],
        report: Callable[[], messages.Health],
    ) -> None:
        self._device = identity.device
        self._keys = identity.keys
        self._links = links
        self._outbox = outbox
        self._clock = clock
        self._post = post
        self._came = came
        self._spoken = spoken
        self._report = report
        self._link: Link | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._places: set[str] = set()
        self._wanted: set[str] = set()
        self._heard: set[str] = set()
        self._refused: set[str] = set()
        self._is_ending = False
        self._unsent = asyncio.Event()
        self._hurried = asyncio.Event()
        self._asked = asyncio.Event()
        self._answers: dict[str, asyncio.Future[Probe]] = {}
        self._estimate = outbox.estimate()
        if self._estimate is not None:  # an agent that was restarted has no need of its hub to be on time
            clock.learn(self._estimate.offset_ns, self._estimate.at_ns, timeline=self._estimate.timeline)
        self._course: tuple[Estimate, ...] = ()

    @property
    def is_up(self) -> bool:
        """Whether the broker is connected and everything subscribed."""
        return self._link is not None

    async def run(self) -> None:
        """Keep a link up until `end` and a cancellation: an orderly end, which `status` says before."""
        wait_s = FIRST_WAIT_S
        while True:
            session = ids.uuid7(self._clock.now().unix_ms, os.urandom(10))
            try:
                async with self._links.connect(self._status(messages.LinkState.OFFLINE, session)) as link:
                    wait_s = FIRST_WAIT_S
                    await self._live(link, session)
            except* LinkLost as lost:
                log.info("no link to the hub: %s", "; ".join(str(each) for each in lost.exceptions))
            except* Exception:
                log.exception("the link to the hub failed: it is made anew")
            if self._is_ending:
                return
            await self._pause(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _pause(self, wait_s: float) -> None:
        self._hurried.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(wait_s, PRESS_WAIT_S) if self._outbox.has_waiting_press() else wait_s):
                await self._hurried.wait()

    def hurry(self) -> None:
        """Somebody has pressed: where there is no link, try at once to make one."""
        self._hurried.set()

    def end(self) -> None:
        """Make no new link. To be followed by a cancellation, which a link that is lost in the same moment would
        otherwise swallow: a task group that has an error to raise does not raise the cancellation."""
        self._is_ending = True

    def publish(self, kind: str, message: messages.Message) -> None:
        """Send once, if there is a link."""
        if (link := self._link) is not None:
            self._spawn(link.publish(Outgoing(topics.device(self._device, kind), message.to_payload())))

    def unsent(self) -> None:
        """The outbox has something to send."""
        self._unsent.set()

    def ask_time(self) -> None:
        """Ask the hub for its time now; `TimeTold` says that it has answered."""
        self._asked.set()

    def want(self, sha256: str) -> None:
        """Have an audio file sent; `came` gets it."""
        self._wanted.add(sha256)
        if (link := self._link) is not None:
            self._spawn(link.subscribe([topics.audio(sha256)]))

    def hear(self, announcement_id: str) -> None:
        """Receive the frames of a live announcement; `LiveOpen` says when they would come."""
        self._heard.add(announcement_id)
        if (link := self._link) is not None:
            self._spawn(self._open(link, announcement_id))

    def unhear(self, announcement_id: str) -> None:
        """Receive them no more."""
        self._heard.discard(announcement_id)
        self._refused.discard(announcement_id)
        if (link := self._link) is not None:
            self._spawn(link.unsubscribe(topics.live(announcement_id)))

    async def _open(self, link: Link, announcement_id: str) -> None:
        await link.subscribe([topics.live(announcement_id)])
        self._post(events.LiveOpen(announcement_id))

    def follow(self, config: messages.Config) -> None:
        """Receive the announcements of these places and of no others."""
        wanted = {topics.place(config.community, name) for name in config.places}
        gone, new = self._places - wanted, wanted - self._places
        self._places = wanted
        if (link := self._link) is None:
            return
        if new:
            self._spawn(link.subscribe(sorted(new)))
        for topic in gone:
            self._spawn(link.unsubscribe(topic))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            assert self._tasks is not None
            self._tasks.create_task(work)
        except RuntimeError:  # the link is being given up at this moment; what matters waits on disk
            work.close()

    async def _live(self, link: Link, session: str) -> None:
        own = [topics.device(self._device, kind) for kind in READERS]
        audio = [topics.audio(sha256) for sha256 in self._wanted] + [topics.live(one) for one in self._heard]
        await link.subscribe(
            [*own, topics.clock_answer(self._device), topics.HUB_STATUS, *sorted(self._places), *audio]
        )
        await link.publish(self._status(messages.LinkState.ONLINE, session))
        try:
            async with asyncio.TaskGroup() as tasks:
                self._link, self._tasks = link, tasks
                self._post(events.LinkUp())
                tasks.create_task(self._receive(link))
                tasks.create_task(self._send_unsent(link))
                tasks.create_task(self._learn_time(link))
                tasks.create_task(self._report_health(link))
        except asyncio.CancelledError:
            with suppress(LinkLost):
                await link.publish(self._status(messages.LinkState.OFFLINE, session))
            raise
        finally:
            self._link = self._tasks = None
            self._post(events.LinkDown())

    def _status(self, state: messages.LinkState, session: str) -> Outgoing:
        status = messages.Status(
            state=state, session=session, agent=version("dongdong"), at_ms=self._clock.now().unix_ms
        )
        return Outgoing(topics.device(self._device, "status"), status.to_payload(), is_retained=True)

    async def _receive(self, link: Link) -> None:
        async for incoming in link.messages():
            sha256 = topics.parse_audio(incoming.topic)
            speech = topics.parse_live(incoming.topic)
            if speech is not None:
                self._frame(speech, incoming.payload)
            elif sha256 is not None:
                await self._audio(link, sha256, incoming.payload)
            elif incoming.topic == topics.HUB_STATUS:
                self._hub_status(incoming.payload)
            elif incoming.topic == topics.clock_answer(self._device):
                self._clock_answer(incoming)
            else:
                self._message(incoming)

    async def _audio(self, link: Link, sha256: str, payload: bytes) -> None:
        """An empty payload only says that the file was removed."""
        if sha256 in self._wanted and payload:
            self._wanted.remove(sha256)
            self._came(sha256, payload)
            await link.unsubscribe(topics.audio(sha256))

    def _frame(self, announcement_id: str, payload: bytes) -> None:
        """One that nobody signed is dropped, and said once: bad ones might come every 20 ms, too."""
        if announcement_id not in self._heard:
            return
        try:
            self._spoken(announcement_id, live.opened(payload, self._keys))
        except Refused as refused:
            if announcement_id not in self._refused:
                self._refused.add(announcement_id)
                log.warning("a frame of live %s is refused: %s", announcement_id, refused.reason)

    def _hub_status(self, payload: bytes) -> None:
        try:
            self._post(messages.read(messages.HubStatus, payload))
        except messages.Unreadable as error:
            log.warning("the hub's status cannot be read: %s", error.reason)

    def _message(self, incoming: Incoming) -> None:
        read = READERS.get(incoming.topic.rpartition("/")[2])
        if read is None:
            return
        try:
            self._keys.check(incoming.payload, incoming.properties)
            event = read(incoming.payload)
        except (Refused, messages.Unreadable) as error:
            log.warning("a message on %s is refused: %s", incoming.topic, error.reason)
            self._post(events.Refusal(_announcement_id(incoming), error.reason))
            return
        self._post(event)

    def _clock_answer(self, incoming: Incoming) -> None:
        try:
            self._keys.check(incoming.payload, incoming.properties)
            answer = messages.read(messages.ClockAnswer, incoming.payload)
        except (Refused, messages.Unreadable) as error:
            log.warning("an answer about the time is refused: %s", error.reason)
            return
        asked = self._answers.pop(answer.nonce, None)
        if asked is not None and not asked.done() and answer.to == self._device:
            hub_ns = answer.received_ns, answer.answered_ns
            asked.set_result(Probe(answer.sent_ns, *hub_ns, incoming.arrived_ns, answer.timeline))

    async def _send_unsent(self, link: Link) -> None:
        while True:
            self._unsent.clear()
            while unsent := self._outbox.unsent():
                for each in unsent:
                    await link.publish(Outgoing(topics.device(self._device, each.kind), each.payload))
                    self._outbox.sent(each.id)
            await self._unsent.wait()

    async def _learn_time(self, link: Link) -> None:
        wait_s = PROBE_AGAIN_S
        while True:
            is_answered = await self._probe_round(link)
            if is_answered and self._estimate is not None and self._estimate.error_ns <= GOOD_NS:
                wait_s = PROBE_EVERY_S
            if await self._is_asked(wait_s * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret, only spread
                wait_s = PROBE_AGAIN_S
            else:
                wait_s = min(wait_s * 2, PROBE_EVERY_S)  # asking ever again would keep a busy hub busy

    async def _is_asked(self, within_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._asked.wait()
        is_asked = self._asked.is_set()
        self._asked.clear()
        return is_asked

    async def _probe_round(self, link: Link) -> bool:
        """The first answer is enough to begin with, so that no announcement waits; each one makes it better.

        Whether there was any.
        """
        probes: list[Probe] = []
        for _ in range(PROBES):
            if (probe := await self._probe(link)) is not None:
                probes = agreeing([*(each.told_as(probe) for each in probes), probe])
                self._course = tuple(each.told_as(probe) for each in self._course)
                before = None if self._estimate is None else self._estimate.told_as(probe)
                self._estimate = better(before, estimate(probes))
                self._learn(self._estimate)
                self._post(events.TimeTold(probe.sent_ns // 1_000_000))
            await asyncio.sleep(random.uniform(*PROBE_PAUSE_S))  # noqa: S311 - no secret, only spread
        if self._estimate is not None:
            with suppress(sqlite3.Error):  # a broken disk must not break the link
                self._outbox.store_estimate(self._estimate)
        if probes and self._estimate is not None and (found := estimate(probes)).error_ns <= GOOD_NS:
            self._course = followed(self._course, found)
            self._learn(self._estimate)
        return bool(probes)

    def _learn(self, found: Estimate) -> None:
        self._clock.learn(found.offset_ns, found.at_ns, rate(self._course), found.timeline)

    async def _probe(self, link: Link) -> Probe | None:
        nonce = os.urandom(16).hex()
        answer: asyncio.Future[Probe] = asyncio.get_running_loop().create_future()
        self._answers[nonce] = answer
        sent_ns = self._clock.mono_ns()
        question = messages.ClockProbe(nonce=nonce, sent_ns=sent_ns)
        try:
            await link.publish(
                Outgoing(
                    topics.device(self._device, "clock"),
                    question.to_payload(),
                    qos=0,
                    answer_to=topics.clock_answer(self._device),
                    correlation=bytes.fromhex(nonce),
                )
            )
            async with asyncio.timeout(PROBE_PATIENCE_S):
                return await answer
        except TimeoutError:
            return None
        finally:
            self._answers.pop(nonce, None)

    async def _report_health(self, link: Link) -> None:
        await asyncio.sleep(random.uniform(0.0, 2.0))  # noqa: S311 - no secret, only spread
        while True:
            topic = topics.device(self._device, "health")
            await link.publish(Outgoing(topic, self._report().to_payload(), qos=0))
            await asyncio.sleep(REPORT_EVERY_S)


def _announcement_id(incoming: Incoming) -> str | None:
    """The announcement that an untrusted payload names, if it is one on a topic of announcements."""
    if not incoming.topic.endswith("/announce"):
        return None
    try:
        return messages.read(_Named, incoming.payload).announcement_id
    except messages.Unreadable:
        return None
