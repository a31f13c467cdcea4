"""The agent: feeds events to the core's rules, and performs what they say."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from device_agent import vitals
from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core import agent as rules
from device_agent.core import announcements, effects, events, noise, presses
from device_agent.core.admission import REMEMBERED_MS, Admission
from device_agent.core.agent import AgentState
from device_agent.core.effects import LampSays
from device_agent.core.health import Vitals
from device_agent.core.moment import Moment
from device_agent.core.nightly import Night, NightlyState
from device_agent.core.noise import Noise
from device_agent.core.sounds import Interrupted, SoundEvent, Started
from device_agent.hardware.decoding import Decoder
from device_agent.hardware.ports import Button, ButtonEdge, Lamp, LampPattern, Microphone, Speaker
from device_agent.hub_link import HubLink, Identity
from device_agent.mqtt import Links
from device_agent.outbox import OnDisk, Outbox
from device_agent.playback import Playback, SoundHardware
from wire import messages
from wire.live import Frame

log = logging.getLogger(__name__)

PATTERNS = {
    LampSays.NOTHING: LampPattern.OFF,
    LampSays.RECORDED: LampPattern.SLOW_BLINK,
    LampSays.SEARCHING: LampPattern.FAST_BLINK,
    LampSays.ACCEPTED: LampPattern.STEADY,
}


@dataclass(frozen=True, slots=True)
class Ports:
    """What the agent stands on: the building's hardware, its disk and its way to the hub."""

    buttons: Mapping[str, Button]
    lamps: Mapping[str, Lamp]
    speaker: Speaker
    microphone: Microphone
    decoder: Decoder
    files: AudioFiles
    outbox: Outbox
    links: Links
    clock: DeviceClock


Recorder = Callable[[effects.Told, LampSays, int | None], None]
"""Is told what the elder was told, what the lamp says, and since when (Unix ms) it is spoken, if it is."""


class _Ended(Exception):
    """Ends the tasks of an agent in good order."""


class Agent:
    """One building. `run` ends after `stop`, or when the hub asks for a restart."""

    def __init__(self, identity: Identity, ports: Ports, record: Recorder | None = None) -> None:
        self._ports = ports
        self._record = record
        self._outbox = ports.outbox
        self._clock = ports.clock
        self._started_ms = ports.clock.now().mono_ms
        sound = SoundHardware(ports.speaker, ports.microphone, ports.decoder, ports.files)
        self.link = HubLink(
            identity,
            ports.links,
            ports.outbox,
            ports.clock,
            self.post,
            self._audio_came,
            self._frame_came,
            self.health,
        )
        self._playback = Playback(
            sound,
            ports.clock,
            self.post,
            self._spawn,
            self.link.want,
            lambda: announcements.needed(self.state.announcements),
        )
        self._tasks: asyncio.TaskGroup | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()
        self._lamps: dict[str, LampSays] = {}
        self._speaking: dict[str, effects.Told] = {}
        self._waiting: deque[tuple[events.Event, Moment]] = deque()
        self._is_busy = False
        self.state, self._first = _begin(identity.device, ports.outbox.load(), ports.clock.now())
        self._proofs_on_disk = self.state.proofs

    async def run(self) -> None:
        """Work until stopped; buttons, lamps and sound are armed before the first connection."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._arm()
                self._spawn(self._ports.speaker.run(self._playback.mixer, self._sounded))
                self._spawn(self.link.run())
                try:
                    await self._ended.wait()
                finally:
                    self.link.end()
                self.post(events.Closing())
                raise _Ended
        except* _Ended:
            pass
        finally:
            self._tasks = None
            if self._timer is not None:
                self._timer.cancel()

    def stop(self) -> None:
        """End in good order."""
        self._ended.set()

    def post(self, event: events.Event) -> None:
        """Something happened now."""
        self._handle(event, self._clock.now())

    def edge(self, edge: ButtonEdge) -> None:
        """A button moved."""
        kind = events.ButtonDown if edge.is_down else events.ButtonUp
        self._handle(kind(edge.button), self._clock.at(edge.at_s))

    def health(self) -> messages.Health:
        """How the device is at this instant."""
        now = self._clock.now()
        if self.state.proofs != self._proofs_on_disk:
            self._outbox.store_proofs(self.state.proofs)
            self._proofs_on_disk = self.state.proofs
        measured = Vitals(
            uptime_s=(now.mono_ms - self._started_ms) / 1000,
            temperature_c=vitals.temperature_c(),
            load=vitals.load(),
            memory_mb=vitals.memory_mb(),
            disk_free_mb=vitals.disk_free_mb(self._outbox.folder),
            clock_offset_ms=self._clock.wall_error_ms(),
            outbox=self._outbox.depth(),
        )
        return rules.report(self.state, measured, now)

    def _arm(self) -> None:
        if self.state.config is not None:
            self._apply(self.state.config)
        self._perform_all(self._first)
        for name, button in self._ports.buttons.items():
            button.watch(self.edge)
            if button.is_down:
                self.edge(ButtonEdge(name, is_down=True, at_s=self._clock.mono_ns() / 1e9))

    def _sounded(self, sound_events: list[SoundEvent]) -> None:
        for event in sound_events:
            told = self._speaking.get(event.id)
            if isinstance(event, Started) and told is not None:
                self._tell(told, self._clock.now().unix_of(event.dac_s))
            self.post(event)
            self._playback.sounded(event)
            if not isinstance(event, Started) and not (isinstance(event, Interrupted) and event.resumes):
                self._speaking.pop(event.id, None)

    def _audio_came(self, sha256: str, data: bytes) -> None:
        self._playback.came(sha256, data)

    def _frame_came(self, announcement_id: str, frame: Frame) -> None:
        self._playback.live.frame(announcement_id, frame)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._tasks is not None
        self._tasks.create_task(work)

    def _handle(self, event: events.Event, now: Moment) -> None:
        """One event after the other, also when performing one brings about the next."""
        self._waiting.append((event, now))
        if self._is_busy:
            return
        self._is_busy = True
        try:
            while self._waiting:
                self._decide(*self._waiting.popleft())
        finally:
            self._is_busy = False
        self._set_timer()

    def _decide(self, event: events.Event, now: Moment) -> None:
        try:
            self.state, todo = rules.decide(self.state, event, now)
            self._perform_all(todo)
        except Exception:
            log.exception("an event could not be handled: %r", event)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.now()
        due_ms = rules.due(self.state, now)
        if due_ms is not None and not self._ended.is_set():
            wait_s = max(0, due_ms - now.mono_ms) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.post, events.Tick())

    def _perform_all(self, todo: list[effects.Effect]) -> None:
        for effect in todo:
            try:
                self._perform(effect)
            except sqlite3.Error:  # a full or broken disk must not keep a press from going out
                log.exception("the disk does not take %r", effect)

    def _perform(self, effect: effects.Effect) -> None:
        """In the effect's own words; what is kept on disk is there when this returns."""
        match effect:
            case effects.PublishPress(press=press):
                self.link.publish("press", press)
            case effects.SendReceipt(receipt=receipt):
                self._send("receipt", receipt)
            case effects.SendReply(reply=reply):
                self._send("reply", reply)
            case effects.ShowLamp(button=button, says=says):
                self._show(button, says)
            case effects.Told():
                self._tell(effect, None)
            case effects.AskTime():
                self.link.ask_time()
            case effects.AssumeTime(offset_ms=offset_ms):
                self._clock.assume(offset_ms * 1_000_000)
            case effects.StoreConfig(config=config):
                self._outbox.store_config(config)
                self._apply(config)
            case effects.Restart():
                self.stop()
            case _:
                if not self._sound(effect):
                    self._store(effect)

    def _store(self, effect: effects.Effect) -> None:
        match effect:
            case effects.StorePress(press=press):
                self.link.hurry()
                self._outbox.store_press(press)
            case effects.PressAccepted(press_id=press_id, recorded_at_ms=recorded_at_ms):
                self._outbox.press_accepted(press_id, recorded_at_ms)
            case effects.PressWaitsAgain(press_id=press_id):
                self._outbox.press_waits_again(press_id)
            case effects.ForgetAccepted(before_ms=before_ms):
                self._outbox.forget_accepted(before_ms)
            case effects.KeepRestore(restored_to_ms=restored_to_ms):
                self._outbox.keep_restore(restored_to_ms)
            case effects.StoreManifest(manifest=manifest):
                self._outbox.store_manifest(manifest)
            case effects.StoreStep(announcement_id=announcement_id, step=step):
                self._outbox.store_step(announcement_id, step)
                if step is effects.Step.STARTED:
                    self._spawn(self._sync())
            case effects.ForgetManifest(announcement_id=announcement_id):
                self._outbox.forget_manifest(announcement_id)
            case effects.StoreNight(planned_ms=planned_ms, tries=tries):
                self._outbox.store_night(Night(planned_ms, tries))
            case effects.StoreNoise(day=day, used_ms=used_ms):
                self._outbox.store_noise(Noise(day, used_ms))
            case effects.StoreSeen(message_id=message_id, valid_until_ms=valid_until_ms):
                now = self._clock.now()
                past_ms = now.unix_ms - REMEMBERED_MS if now.is_learned else None
                self._outbox.store_seen(message_id, valid_until_ms, past_ms)
            case _:
                raise AssertionError(f"nobody performs {effect!r}")

    def _sound(self, effect: effects.Effect) -> bool:
        """Perform it if it is about sound; says whether it is."""
        match effect:
            case effects.FetchAudio(sha256=sha256):
                self._playback.fetch(sha256)
            case effects.Play():
                self._playback.play(effect)
            case effects.Speak():
                self._speaking[effect.sound_id] = effect.told
                self._playback.speak(effect)
            case effects.SpeakPhrase():
                self._speaking[effect.sound_id] = effect.told
                self._playback.speak_phrase(effect)
            case effects.PlaySweep():
                self._playback.sweep(effect)
            case effects.StopSound(sound_id=sound_id):
                self._playback.stop(sound_id)
            case effects.Listen():
                self._playback.listen(effect)
            case effects.SetVolume(volume=volume):
                self._playback.mixer.local_volume = volume
            case _:
                return self._speech(effect)
        return True

    def _speech(self, effect: effects.Effect) -> bool:
        """Perform it if it is about live speech; says whether it is."""
        match effect:
            case effects.OpenLive(message=message):
                self._playback.live.open(message)
                self.link.hear(message.announcement_id)
            case effects.EndLive(announcement_id=announcement_id, end_us=end_us):
                self._playback.live.end(announcement_id, end_us)
            case effects.CloseLive(announcement_id=announcement_id):
                self.link.unhear(announcement_id)
                self._playback.live.close(announcement_id)
                self._playback.stop(announcement_id)
            case _:
                return False
        return True

    async def _sync(self) -> None:
        """What begins to sound is on disk by then, also after a power cut; a broken disk silences nothing."""
        try:
            await asyncio.to_thread(self._outbox.sync)
        except OSError:
            log.exception("the disk does not take what begins to sound")

    def _send(self, kind: str, message: messages.Message) -> None:
        self._outbox.add(kind, message)
        self.link.unsent()

    def _apply(self, config: messages.Config) -> None:
        self._playback.delay_s = self._playback.live.delay_s = config.delay_ms / 1000
        self._playback.mixer.local_volume = config.volume
        self.link.follow(config)

    def _show(self, button: str, says: LampSays) -> None:
        self._lamps[button] = says
        if button in self._ports.lamps:
            self._ports.lamps[button].show(PATTERNS[says])

    def _tell(self, told: effects.Told, spoken_ms: int | None) -> None:
        lamp = self._lamps.get(told.button, LampSays.NOTHING)
        log.info("told at %s: %s of alert %s, lamp %s", told.button, told.stage, told.alert_id, lamp.value)
        if self._record is not None:
            self._record(told, lamp, spoken_ms)


def _begin(device: str, disk: OnDisk, now: Moment) -> tuple[AgentState, list[effects.Effect]]:
    """The state after a start, from what is on disk, and what is to be done about it."""
    places = frozenset() if disk.config is None else frozenset(disk.config.places)
    going_on, todo = announcements.begin(disk.announcements, now)
    loud, counted = noise.begin(disk.noise, disk.announcements, disk.config, now)
    state = AgentState(
        admission=Admission(device, places, disk.seen),
        presses=presses.begin(disk.salt, disk.next_seq, disk.waiting, disk.kept, disk.restored_to_ms, now),
        announcements=going_on,
        proofs=disk.proofs,
        nightly=NightlyState(disk.night),
        noise=loud,
        config=disk.config,
    )
    return state, todo + counted
