"""Commands to the device: volume, self-test, restart; each is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from device_agent.core import effects
from device_agent.core.hearing import Evidence
from device_agent.core.sounding import on_the_wire
from device_agent.core.sounds import Finished, SoundEvent, Started
from wire.messages import Reply, Restart, SelfTest, Volume


@dataclass(frozen=True, slots=True)
class CommandsState:
    """Self-tests that are under way: command ids by the id of their sound."""

    tests: Mapping[str, str] = field(default_factory=dict)


Result = tuple[CommandsState, list[effects.Effect]]


def command(state: CommandsState, message: Volume | SelfTest | Restart) -> Result:
    """Obey a command that is for this device, valid and new."""
    match message:
        case Volume(volume=volume):
            reply = Reply(command_id=message.id, is_ok=True)
            return state, [effects.SetVolume(volume), effects.SendReply(reply)]
        case Restart():
            return state, [effects.SendReply(Reply(command_id=message.id, is_ok=True)), effects.Restart()]
        case SelfTest():
            sound_id = f"self-test-{message.id}"
            tests = {**state.tests, sound_id: message.id}
            return replace(state, tests=tests), [effects.PlaySweep(sound_id)]


def refused(state: CommandsState, command_id: str, reason: str) -> Result:
    """A command that must not be obeyed is answered with the reason."""
    return state, [effects.SendReply(Reply(command_id=command_id, is_ok=False, detail=reason))]


def sounded(state: CommandsState, event: SoundEvent) -> Result:
    """The sweep is listened to from its start; one that does not sound to its end fails the test."""
    if event.id not in state.tests or isinstance(event, Finished):
        return state, []
    if isinstance(event, Started):
        return state, [effects.Listen(event.id, event.dac_s, event.skipped_s)]
    return judged(state, event.id, None, "another sound came first")


def judged(state: CommandsState, sound_id: str, evidence: Evidence | None, fault: str | None) -> Result:
    """The microphone's verdict is the answer to the test."""
    command_id = state.tests.get(sound_id)
    if command_id is None:
        return state, []
    reply = Reply(
        command_id=command_id,
        is_ok=evidence is not None and evidence.heard,
        detail=fault,
        evidence=None if evidence is None else on_the_wire(evidence),
    )
    rest = {key: each for key, each in state.tests.items() if key != sound_id}
    return replace(state, tests=rest), [effects.SendReply(reply)]
