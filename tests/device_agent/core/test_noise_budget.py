"""Tries to break the noise budget: anything may be announced, spoken, stopped, interrupted and killed, over midnight.

What was heard is read off the samples of the loudspeaker, which all sounds give at one level: no rule is told twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device_agent.core import agent, announcements, effects, noise
from device_agent.core.admission import Admission
from device_agent.core.agent import AgentState
from device_agent.core.effects import Step
from device_agent.core.events import AudioReady, Tick
from device_agent.core.mixer import Mixer
from device_agent.core.moment import Moment
from device_agent.core.noise import Noise
from device_agent.core.presses import PressesState
from device_agent.core.sounds import SAMPLE_RATE, Interrupted, Sound, Started, Stopped
from tests.device_agent.core.values import DEVICE, manifest, signed
from wire.messages import Config, Live, Manifest, Stop

if TYPE_CHECKING:
    from device_agent.core.events import Event

BLOCK_MS = 100
FRAMES = BLOCK_MS * SAMPLE_RATE // 1000
FULL = 8_000
MIDNIGHT_MS = 1_795_276_800_000  # 2026-11-22 00:00 in Shanghai
BEGIN_MS = MIDNIGHT_MS - 20_000
FAR_MS = 10**9
BUDGET_MS = 6_000
EARLY_MS = 1_200
RAMP_MS = 10.0  # what is silenced fades for so long
PRIORITIES = st.sampled_from([10, 60, 60, 100, 200, 223, 224, 240, 255])
CONFIG = Config(
    **signed(message_id="c-1"),
    community="c",
    places=[],
    timezone="Asia/Shanghai",
    noise_budget_s=BUDGET_MS // 1000,
    volume=0.5,
)


class Building(RuleBasedStateMachine):
    """One agent's rules and mixer. `heard_ms` is what sounded since midnight, in ms at full level."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms, self.count, self.heard_ms, self.silenced = 0, 0, 0.0, 0
        self.timer_ms = FAR_MS
        self.messages: dict[str, Manifest | Live] = {}
        self.reports: dict[str, list[str]] = {}
        self.disk: dict[str, tuple[Manifest, Step]] = {}
        self.kept: Noise | None = None
        self.mixer = Mixer(CONFIG.volume)
        self._begin()

    def _begin(self) -> None:
        rows = list(self.disk.values())
        going_on, todo = announcements.begin(rows, self._now())
        loud, counted = noise.begin(self.kept, rows, CONFIG, self._now())
        self.state = AgentState(
            Admission(DEVICE), PressesState(b"salt"), announcements=going_on, noise=loud, config=CONFIG
        )
        self._perform(todo + counted)
        self._set_timer()

    def _now(self) -> Moment:
        return Moment(self.now_ms, BEGIN_MS + self.now_ms)

    @rule(
        priority=PRIORITIES,
        after=st.integers(0, 60),
        blocks=st.integers(1, 40),
        repeat=st.integers(1, 2),
        volume=st.sampled_from([0.5, 1.0]),
    )
    def announce(self, priority: int, after: int, blocks: int, repeat: int, volume: float) -> None:
        self.count += 1
        key = f"n-{self.count:03}"
        message = manifest(
            key,
            priority=priority,
            duration_ms=blocks * BLOCK_MS,
            repeat=repeat,
            volume=volume,
            play_at_ms=BEGIN_MS + self.now_ms + EARLY_MS + after * BLOCK_MS,
            valid_until_ms=BEGIN_MS + 10_000_000,
            audio_sha256=key.encode().hex().rjust(64, "0"),
        )
        self.messages[key] = message
        self._decide(message)

    @rule(priority=PRIORITIES, blocks=st.integers(1, 60))
    def speak(self, priority: int, blocks: int) -> None:
        self.count += 1
        key = f"a-{self.count:03}"
        message = Live(
            **signed(message_id=key), announcement_id=key, priority=priority, title="喊话", first_seq=1, delay_ms=200
        ).model_copy(update={"valid_until_ms": BEGIN_MS + 10_000_000})
        self.messages[key] = message
        if effects.OpenLive(message) in self._decide(message):
            assert priority >= 224 or self.heard_ms <= BUDGET_MS + RAMP_MS * self.silenced
            pcm = np.full(blocks * FRAMES, FULL, np.int16)
            start_s = self.now_ms / 1000
            self.mixer.play(Sound(key, pcm, priority, start_s=start_s, is_live=True))

    @rule(blocks=st.integers(1, 100))
    def time_passes(self, blocks: int) -> None:
        end_ms = self.now_ms + blocks * BLOCK_MS
        while self.now_ms < end_ms:
            if self.timer_ms <= self.now_ms:
                self._decide(Tick())
            sound_s = self.mixer.next_sound_s()
            if sound_s is not None and sound_s * 1000 < self.now_ms + BLOCK_MS:
                self._sound()
                continue
            next_ms = min(end_ms, self.timer_ms, FAR_MS if sound_s is None else sound_s * 1000)
            blocks = max(1, int(next_ms - self.now_ms) // BLOCK_MS)
            self._time(blocks * BLOCK_MS)

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def somebody_stops_one(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.messages)))
        self._decide(Stop(**signed(message_id=f"s-{self.count}-{self.now_ms}"), announcement_id=key))

    @rule()
    def the_agent_is_killed(self) -> None:
        """Of live speech nothing is on disk: what was said until then counts for nobody."""
        assume(not any(isinstance(each, Live) for _, each in self.state.noise.sounding.values()))
        self.mixer = Mixer(CONFIG.volume)
        self._begin()

    @invariant()
    def an_emergency_is_never_suppressed(self) -> None:
        for key, states in self.reports.items():
            assert self.messages[key].priority < 224 or "suppressed" not in states

    def teardown(self) -> None:
        """In the end every announcement was begun, or it is told why not."""
        self.time_passes(4_000)
        for key, states in self.reports.items():
            if isinstance(self.messages[key], Manifest):
                assert "playing" in states or states[-1] in ("suppressed", "stopped")

    def _sound(self) -> None:
        before_ms = self.heard_ms
        block = self.mixer.render(FRAMES, self.now_ms / 1000)
        self.heard_ms += float(block.astype(np.int64).sum()) / FULL / SAMPLE_RATE * 1000
        self._time(BLOCK_MS)
        for event in self.mixer.events():
            self.silenced += isinstance(event, Interrupted | Stopped)
            if isinstance(event, Started):
                self._begins(event.id, before_ms)
            self._decide(event)

    def _time(self, span_ms: int) -> None:
        midnight_ms = MIDNIGHT_MS - BEGIN_MS
        if self.now_ms < midnight_ms <= self.now_ms + span_ms:
            self.heard_ms, self.silenced = 0.0, 0
        self.now_ms += span_ms

    def _begins(self, key: str, heard_ms: float) -> None:
        """The invariant: what was heard before this block and all of this announcement are within the budget."""
        message = self.messages[key]
        if isinstance(message, Manifest) and message.priority < 224:
            whole_ms = message.repeat * message.duration_ms * message.volume * CONFIG.volume
            assert heard_ms + whole_ms <= BUDGET_MS + RAMP_MS * self.silenced

    def _decide(self, event: Event) -> list[effects.Effect]:
        self.state, todo = agent.decide(self.state, event, self._now())
        self._perform(todo)
        self._set_timer()
        return todo

    def _set_timer(self) -> None:
        """After each event, as the agent does; one that is not due is not looked for meanwhile."""
        due_ms = agent.due(self.state, self._now())
        self.timer_ms = FAR_MS if due_ms is None else due_ms

    def _perform(self, todo: list[effects.Effect]) -> None:
        for effect in todo:
            match effect:
                case effects.StoreManifest(manifest=message):
                    self.disk[message.announcement_id] = message, Step.FETCHING
                case effects.StoreStep(announcement_id=key, step=step):
                    self.disk[key] = self.disk[key][0], step
                case effects.StoreNoise(day=day, used_ms=used_ms):
                    self.kept = Noise(day, used_ms)
                case effects.SendReceipt(receipt=receipt):
                    states = self.reports.setdefault(receipt.announcement_id, [])
                    states += [each.state.value for each in receipt.states]
                case effects.FetchAudio(sha256=sha256):
                    self._decide(AudioReady(sha256))
                case effects.Play():
                    self._play(effect)
                case effects.StopSound(sound_id=sound_id):
                    self.mixer.stop(sound_id)

    def _play(self, effect: effects.Play) -> None:
        message = effect.manifest
        start_s = None if effect.start_ms is None else (effect.start_ms - BEGIN_MS) / 1000
        sound = Sound(
            message.announcement_id,
            np.full(message.duration_ms * SAMPLE_RATE // 1000, FULL, np.int16),
            message.priority,
            start_s=start_s,
            repeat=message.repeat,
            volume=message.volume,
            resumes=effect.resumes,
        )
        self.mixer.play(sound)


Building.TestCase.settings = settings(max_examples=30, stateful_step_count=20)
TestBuilding = Building.TestCase
