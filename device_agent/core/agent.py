"""The whole agent as one rule: `decide(state, event, now)` gives the new state and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from device_agent.core import (
    admission,
    alerts_told,
    announcements,
    button,
    commands,
    doubt,
    effects,
    events,
    health,
    live_announcements,
    nightly,
    noise,
    presses,
    receipts,
    sounding,
)
from device_agent.core.admission import Admission
from device_agent.core.alerts_told import ToldState
from device_agent.core.button import ButtonState
from device_agent.core.commands import CommandsState
from device_agent.core.doubt import DoubtState
from device_agent.core.health import Proofs
from device_agent.core.known import AnnouncementsState
from device_agent.core.known import Result as AnnouncementsResult
from device_agent.core.live_announcements import LiveState
from device_agent.core.moment import Moment
from device_agent.core.nightly import NightlyState
from device_agent.core.noise import NoiseState
from device_agent.core.presses import PressesState
from device_agent.core.sounds import Finished, Interrupted, Missed, SoundEvent, Started, Stopped
from wire import messages
from wire.messages import Config, Gesture, Output, Stage


@dataclass(frozen=True, slots=True)
class AgentState:
    """Everything that the agent's rules go by."""

    admission: Admission
    presses: PressesState
    announcements: AnnouncementsState = field(default_factory=AnnouncementsState)
    live: LiveState = field(default_factory=LiveState)
    told: ToldState = field(default_factory=ToldState)
    commands: CommandsState = field(default_factory=CommandsState)
    doubt: DoubtState = field(default_factory=DoubtState)
    buttons: Mapping[str, ButtonState] = field(default_factory=dict)
    proofs: Proofs = field(default_factory=Proofs)
    nightly: NightlyState = field(default_factory=NightlyState)
    noise: NoiseState = field(default_factory=NoiseState)
    config: Config | None = None
    is_linked: bool = False


Result = tuple[AgentState, list[effects.Effect]]
_AUDIBLE = (effects.Play, effects.Speak, effects.SpeakPhrase)
"""Before any of these a sweep in the night falls silent, as at a press."""


def decide(state: AgentState, event: events.Event, now: Moment) -> Result:
    """The rules. Effects are to be performed in their order, each finished before the next begins."""
    state, todo = _decide(state, event, now)
    sweep = state.nightly.sounding
    if sweep is not None and (isinstance(event, events.ButtonDown) or any(isinstance(each, _AUDIBLE) for each in todo)):
        todo = [effects.StopSound(sweep), *todo]
    return state, todo


def _decide(state: AgentState, event: events.Event, now: Moment) -> Result:
    match event:
        case events.ButtonDown() | events.ButtonUp():
            return _touched(state, event, now)
        case events.Tick():
            return _tick(state, now)
        case events.TimeTold(asked_ms=asked_ms):
            return _time_told(state, asked_ms, now)
        case events.TimeDoubted():
            doubted, todo = doubt.ask(state.doubt, now)
            return replace(state, doubt=doubted), todo
        case events.LinkUp():
            state = replace(state, is_linked=True)
            return _with_presses(state, presses.linked(state.presses, now))
        case events.LinkDown():
            return replace(state, is_linked=False), []
        case events.Closing():
            return _closing(state)
        case Started() | Finished() | Interrupted() | Stopped() | Missed():
            return _sounded(state, event, now)
        case events.Judged():
            return _judged(state, event, now)
        case events.LiveOpen(announcement_id=announcement_id):
            return _with_live(state, live_announcements.is_open(state.live, announcement_id, now))
        case events.AudioReady(sha256=sha256):
            return _with_announcements(
                state, announcements.audio_ready(state.announcements, sha256, state.config, state.noise, now)
            )
        case events.AudioFailed(sha256=sha256, reason=reason):
            failed = announcements.audio_failed(state.announcements, sha256, reason, now)
            return _with_announcements(state, failed)
        case events.Refusal(announcement_id=announcement_id, reason=reason):
            if announcement_id is None:
                return state, []
            refused = announcements.refused(state.announcements, announcement_id, reason, now)
            return _with_announcements(state, refused)
        case messages.HubStatus():
            return _hub_status(state, event, now)
        case _:
            assert isinstance(event, messages.Signed)
            ours = state.config
            is_overtaken = isinstance(event, Config) and ours is not None and event.issued_ms < ours.issued_ms
            doubted, judged, todo = doubt.came(state.doubt, event, now, is_overtaken=is_overtaken)
            return _judge(replace(state, doubt=doubted), judged, now, todo)


def due(state: AgentState, now: Moment) -> int | None:
    """When the next `Tick` is needed, on the monotonic clock in ms."""
    instants = [
        presses.due(state.presses, is_linked=state.is_linked),
        announcements.due(state.announcements, now),
        nightly.due(state.nightly, state.admission.device, state.config, now),
        live_announcements.due(state.live, now),
        doubt.due(state.doubt),
        *(button.due(each) for each in state.buttons.values()),
    ]
    return min((each for each in instants if each is not None), default=None)


def report(state: AgentState, vitals: health.Vitals, now: Moment) -> messages.Health:
    """The health message of this instant."""
    stuck = {
        name: now.unix_ms - (now.mono_ms - each.down_ms)
        for name, each in state.buttons.items()
        if each.is_stuck and each.down_ms is not None
    }
    return health.report(state.proofs, stuck, vitals)


def _touched(state: AgentState, event: events.ButtonDown | events.ButtonUp, now: Moment) -> Result:
    before = state.buttons.get(event.button, ButtonState())
    if isinstance(event, events.ButtonDown):
        after, gestures = button.down(before, now.mono_ms)
        state = replace(state, proofs=health.touched(state.proofs, event.button, now))
    else:
        is_accepted = alerts_told.is_accepted(state.told, event.button)
        after, gestures = button.up(before, now.mono_ms, is_accepted=is_accepted)
    state = replace(state, buttons={**state.buttons, event.button: after})
    todo: list[effects.Effect] = []
    for gesture in gestures:
        state, more = _press(state, event.button, gesture, now)
        todo += more
    return state, todo


def _press(state: AgentState, name: str, gesture: Gesture, now: Moment) -> Result:
    pressed = presses.pressed(state.presses, name, gesture, now, is_linked=state.is_linked)
    return _with_presses(state, pressed)


def _time_told(state: AgentState, asked_ms: int, now: Moment) -> Result:
    doubted, free = doubt.told(state.doubt, asked_ms, now)
    state, todo = _judge(replace(state, doubt=doubted), free, now, [])
    state, more = _tick(state, now)
    return state, todo + more


def _tick(state: AgentState, now: Moment) -> Result:
    doubted, free, todo = doubt.tick(state.doubt, now)
    state, todo = _judge(replace(state, doubt=doubted), free, now, todo)
    state, more = _tick_all(state, _after(todo, now))
    return state, todo + more


def _tick_all(state: AgentState, now: Moment) -> Result:
    buttons = {name: button.tick(each, now.mono_ms) for name, each in state.buttons.items()}
    state = replace(state, buttons=buttons)
    ticked = presses.tick(state.presses, now, is_linked=state.is_linked)
    state, todo = _with_presses(state, ticked)
    state, more = _with_announcements(state, announcements.tick(state.announcements, state.config, state.noise, now))
    state, live = _with_live(state, live_announcements.tick(state.live, now))
    is_busy = (
        announcements.is_busy(state.announcements, now, nightly.BUSY_MS)
        or live_announcements.is_busy(state.live)
        or alerts_told.is_busy(state.told, now)
        or bool(state.presses.waiting)
    )
    night, last = nightly.tick(state.nightly, state.admission.device, state.config, now, is_free=not is_busy)
    return replace(state, nightly=night), todo + more + live + last


def _closing(state: AgentState) -> Result:
    """Tells what was gathered."""
    gathered, todo = receipts.flush(state.announcements.receipts)
    state = replace(state, announcements=replace(state.announcements, receipts=gathered))
    gathered, more = receipts.flush(state.live.receipts)
    return replace(state, live=replace(state.live, receipts=gathered)), todo + more


def _sounded(state: AgentState, event: SoundEvent, now: Moment) -> Result:
    """What waits behind it may no longer fit into the noise budget, and its turn may come before the next tick."""
    loud, counted = noise.sounded(state.noise, event, _counts(state, event.id), state.config, now)
    state, todo = _with_announcements(replace(state, noise=loud), sounding.sounded(state.announcements, event, now))
    state, live = _with_live(state, live_announcements.sounded(state.live, event, now))
    tests, more = commands.sounded(state.commands, event)
    night, last = nightly.sounded(state.nightly, event)
    state, todo = replace(state, commands=tests, nightly=night), [*todo, *live, *more, *last, *counted]
    if not isinstance(event, Started | Interrupted):
        return state, todo
    state, again = _with_announcements(state, announcements.tick(state.announcements, state.config, state.noise, now))
    return state, todo + again


def _counts(state: AgentState, sound_id: str) -> messages.Manifest | messages.Live | None:
    """What this sound belongs to if it counts for the noise budget: no sweep, and nothing that an elder is told."""
    announcement, live = state.announcements.known.get(sound_id), state.live.known.get(sound_id)
    if announcement is not None:
        return announcement.manifest
    return None if live is None else live.message


def _judged(state: AgentState, event: events.Judged, now: Moment) -> Result:
    state = replace(state, proofs=health.heard(state.proofs, event.evidence, now))
    verdict = sounding.judged(state.announcements, event.sound_id, event.evidence, event.fault, now)
    state, todo = _with_announcements(state, verdict)
    spoken = live_announcements.judged(state.live, event.sound_id, event.evidence, event.fault, now)
    state, live = _with_live(state, spoken)
    tests, more = commands.judged(state.commands, event.sound_id, event.evidence, event.fault)
    night, last = nightly.judged(state.nightly, event.sound_id, event.evidence)
    return replace(state, commands=tests, nightly=night), todo + live + more + last


def _hub_status(state: AgentState, event: messages.HubStatus, now: Moment) -> Result:
    if event.restored_to_ms is None:
        return state, []
    again = presses.restored(state.presses, event.restored_to_ms, now, is_linked=state.is_linked)
    return _with_presses(state, again)


def _judge(state: AgentState, judged: list[messages.Signed], now: Moment, todo: list[effects.Effect]) -> Result:
    """What these messages change, after what is to be done anyway."""
    then = _after(todo, now)
    for message in judged:
        state, more = _message(state, message, then)
        todo = todo + more
    return state, todo


def _after(todo: list[effects.Effect], now: Moment) -> Moment:
    """This instant by what is taken for the hub's time once these effects are performed."""
    for effect in todo:
        if isinstance(effect, effects.AssumeTime):
            now = replace(now, unix_ms=now.mono_ms + effect.offset_ms, is_settled=True, is_learned=False)
    return now


def _message(state: AgentState, message: messages.Signed, now: Moment) -> Result:
    """A signed message. `accepted` may come any number of times and late: it is only ever good news."""
    objection = admission.objection(state.admission, message, now)
    match message:
        case messages.Accepted():
            if message.to != state.admission.device:
                return state, []
            named = presses.accepted(state.presses, message.press_id, message.recorded_at_ms)
            return _with_presses(state, named)
        case messages.AlertStage():
            return (state, []) if objection else _stage(state, message, now)
        case messages.Config():
            return (state, []) if objection else _config(state, message, now)
        case messages.Manifest():
            known = announcements.manifest(state.announcements, message, objection, now)
            return _with_announcements(state, known)
        case messages.Live():
            return _live(state, message, objection, now)
        case messages.LiveEnd():
            return (state, []) if objection else _with_live(state, live_announcements.end(state.live, message))
        case messages.Stop():
            return (state, []) if objection else _stop(state, message, now)
        case messages.Volume() | messages.SelfTest() | messages.Restart():
            return _command(state, message, objection, now)
        case _:
            raise AssertionError(f"nobody reads {message!r}")


def _live(state: AgentState, message: messages.Live, objection: str | None, now: Moment) -> Result:
    todo: list[effects.Effect] = []
    if objection is None:
        state, todo = _note(state, message, now)
    state, more = _with_live(
        state, live_announcements.begin(state.live, message, objection, state.config, state.noise, now)
    )
    return state, todo + more


def _stop(state: AgentState, message: messages.Stop, now: Moment) -> Result:
    state, todo = _note(state, message, now)
    state, more = _with_announcements(state, announcements.stop(state.announcements, message.announcement_id, now))
    state, still = _with_live(state, live_announcements.stop(state.live, message.announcement_id, now))
    return state, todo + more + still


def _command(state: AgentState, message: messages.Command, objection: str | None, now: Moment) -> Result:
    if objection:
        return state, []
    state, todo = _note(state, message, now)
    if isinstance(message, messages.Volume):
        state = replace(state, noise=replace(state.noise, local_volume=message.volume))
    after, more = commands.command(state.commands, message)
    return replace(state, commands=after), todo + more


def _stage(state: AgentState, message: messages.AlertStage, now: Moment) -> Result:
    told, todo = alerts_told.stage(state.told, message, now)
    state = replace(state, told=told)
    if todo and message.stage is Stage.CLOSED and message.button in state.buttons:
        freed = button.closed(state.buttons[message.button])
        state = replace(state, buttons={**state.buttons, message.button: freed})
    return state, _audible(state, todo)


def _config(state: AgentState, message: Config, now: Moment) -> Result:
    """A retained configuration comes at each connection; an older one than the newest changes nothing.

    Unless ours is from a time that the hub, whose clock was set back, has yet to come to.
    """
    ours = state.config
    is_ours_ahead = ours is not None and now.is_learned and ours.issued_ms > now.unix_ms + doubt.STEP_MS
    is_older = ours is not None and message.issued_ms < ours.issued_ms
    if message == ours or (is_older and not is_ours_ahead):
        return state, []
    places = replace(state.admission, places=frozenset(message.places))
    loud = replace(state.noise, local_volume=message.volume)
    state = replace(state, config=message, admission=places, noise=loud)
    return state, [effects.StoreConfig(message)]


def _note(state: AgentState, message: messages.Signed, now: Moment) -> Result:
    noted, todo = admission.note(state.admission, message, now)
    return replace(state, admission=noted), todo


def _with_presses(state: AgentState, result: presses.Result) -> Result:
    after, todo = result
    return replace(state, presses=after), _audible(replace(state, presses=after), todo)


def _with_announcements(state: AgentState, result: AnnouncementsResult) -> Result:
    after, todo = result
    return replace(state, announcements=after), todo


def _with_live(state: AgentState, result: live_announcements.Result) -> Result:
    after, todo = result
    return replace(state, live=after), todo


def _audible(state: AgentState, todo: list[effects.Effect]) -> list[effects.Effect]:
    """Without speech for buttons that no loudspeaker answers."""
    outputs = {} if state.config is None else state.config.outputs
    return [
        each
        for each in todo
        if not isinstance(each, effects.Speak | effects.SpeakPhrase) or outputs.get(each.told.button) is not Output.NONE
    ]
