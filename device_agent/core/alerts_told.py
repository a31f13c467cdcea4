"""What the elder is told about an alert: by the lamp always, by voice what the hub sent to be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from device_agent.core import effects
from device_agent.core.moment import Moment
from wire.messages import AlertStage, Stage

BUSY_MS = 12 * 3_600_000
FORGET_MS = 600_000  # after closing; a stage expires after 60 s, so none can come late and light the lamp again

LAMP = {
    Stage.RECORDED: effects.LampSays.RECORDED,
    Stage.NOTIFYING: effects.LampSays.SEARCHING,
    Stage.ACCEPTED: effects.LampSays.ACCEPTED,
    Stage.CHANGED: effects.LampSays.ACCEPTED,
    Stage.ARRIVED: effects.LampSays.ACCEPTED,
    Stage.CLOSED: effects.LampSays.NOTHING,
}


@dataclass(frozen=True, slots=True)
class AlertTold:
    """The newest stage that was told of one alert; `at_ms` on the monotonic clock."""

    button: str
    stage: Stage
    stage_seq: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class ToldState:
    """By alert id."""

    alerts: Mapping[str, AlertTold] = field(default_factory=dict)


def stage(state: ToldState, message: AlertStage, now: Moment) -> tuple[ToldState, list[effects.Effect]]:
    """Tell this stage, unless as new a one of its alert was told already; it ends what an older one still says."""
    before = state.alerts.get(message.alert_id)
    if before is not None and message.stage_seq <= before.stage_seq:
        return state, []
    told = effects.Told(message.button, message.alert_id, message.stage)
    todo: list[effects.Effect] = [effects.ShowLamp(message.button, LAMP[message.stage]), told]
    if before is not None:
        todo.append(effects.StopSound(_sound_id(message.alert_id, before.stage_seq)))
    if message.audio_sha256 is not None:
        sound_id = _sound_id(message.alert_id, message.stage_seq)
        since_ms = now.unix_ms if now.is_learned else message.issued_ms
        until_ms = now.mono_ms + message.valid_until_ms - since_ms
        todo.append(effects.Speak(sound_id, message.audio_sha256, until_ms, told))
    alerts = {
        alert_id: alert
        for alert_id, alert in state.alerts.items()
        if alert.stage is not Stage.CLOSED or alert.at_ms + FORGET_MS > now.mono_ms
    }
    alerts[message.alert_id] = AlertTold(message.button, message.stage, message.stage_seq, now.mono_ms)
    return replace(state, alerts=alerts), todo


def is_accepted(state: ToldState, button: str) -> bool:
    """Whether somebody is on the way because of this button."""
    return any(
        alert.button == button and alert.stage in (Stage.ACCEPTED, Stage.CHANGED) for alert in state.alerts.values()
    )


def is_busy(state: ToldState, now: Moment) -> bool:
    """Whether an alert is open here; one whose end did not get through is so for BUSY_MS."""
    return any(
        alert.stage is not Stage.CLOSED and now.mono_ms - alert.at_ms < BUSY_MS for alert in state.alerts.values()
    )


def _sound_id(alert_id: str, stage_seq: int) -> str:
    return f"told-{alert_id}-{stage_seq}"
