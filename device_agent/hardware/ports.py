"""What the agent needs of its building's hardware; real and simulated parts fulfil the same ports."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from device_agent.core.hearing import Recording
from device_agent.core.sounds import Pcm, SoundEvent


class Renderer(Protocol):
    """Where a speaker gets its blocks from: `device_agent.core.mixer.Mixer`. Safe to call from the speaker's thread."""

    def render(self, frames: int, dac_s: float) -> Pcm:
        """The next `frames` frames; the first of them leaves the DAC at monotonic time `dac_s`."""

    def next_sound_s(self) -> float | None:
        """When something will sound next (an instant that has passed: now), None when nothing is waiting."""

    def events(self) -> list[SoundEvent]:
        """What happened since the last call, in order."""


class Speaker(Protocol):
    """A loudspeaker with one stream that stays open as long as `run` does."""

    async def run(self, renderer: Renderer, deliver: Callable[[list[SoundEvent]], None]) -> None:
        """Play what `renderer` gives until cancelled; a lost sound card is reopened with back-off, for ever.

        `deliver` is called in the event loop with the renderer's events. They are said when a block is rendered,
        up to one buffer (about 80 ms) before it is heard; an event's own `dac_s` is when it is heard.
        """

    def wake(self) -> None:
        """Call after every `Mixer.play` and `Mixer.stop`, from the event loop: a speaker with nothing to do sleeps."""

    @property
    def fault(self) -> str | None:
        """Why it cannot sound at present (English, for the log and the technician), None while its stream is open."""


class Microphone(Protocol):
    """A microphone that is open only while `record` runs: nobody is listened to between announcements."""

    async def record(self, start_s: float, duration_s: float) -> Recording:
        """What is heard from `start_s` (monotonic seconds) on for `duration_s` (at most `resample.LISTEN_S`).

        Call it before `start_s` (a `Started` event comes early enough); called late, the recording begins late.
        Raises SoundCardLost.
        """


@dataclass(frozen=True, slots=True)
class ButtonEdge:
    """A button went down or came up, at monotonic time `at_s` in seconds."""

    button: str
    is_down: bool
    at_s: float


class Button(Protocol):
    """A button that reports its debounced edges; what a gesture is, the core decides."""

    @property
    def is_down(self) -> bool:
        """Whether it is pressed now (a button held at start gives no edge)."""

    def watch(self, changed: Callable[[ButtonEdge], None]) -> None:
        """Call `changed` in the running event loop for every edge from now on."""

    def close(self) -> None:
        """Free the pin."""


class LampPattern(Enum):
    """What a lamp shows."""

    OFF = "off"
    STEADY = "steady"
    SLOW_BLINK = "slow_blink"
    FAST_BLINK = "fast_blink"


class Lamp(Protocol):
    """A lamp; it blinks by itself until told otherwise."""

    def show(self, pattern: LampPattern) -> None:
        """Show this from now on. Call from the event loop."""

    def close(self) -> None:
        """Switch it off and free the pin."""
