"""The messages of the contract: frozen models, one a message kind; unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
"""Opaque: letters, digits and hyphens; version 7 UUIDs where we make them."""

ButtonName = Annotated[str, Field(min_length=1, max_length=64)]
TimeMs = Annotated[int, Field(ge=-(2**53), le=2**53)]
"""Milliseconds since the Unix epoch, within what a JSON number holds exactly."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


T = TypeVar("T")
M = TypeVar("M", bound="Message")


class Unreadable(ValueError):
    """A payload that is not a message of the kind that its topic promises; `reason` says why, in English."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Message(BaseModel):
    """What all messages share: they do not change, and skip what they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_payload(self) -> bytes:
        """The JSON that travels; fields that hold None are left out."""
        return self.model_dump_json(exclude_none=True).encode()


# --- from a device -------------------------------------------------------------------------------------


class LinkState(StrEnum):
    """What a device or its will says about its connection."""

    ONLINE = "online"
    OFFLINE = "offline"


class Status(Message):
    """Birth and will of a device; a will whose session is not the current one changes nothing."""

    state: LinkState
    session: Id
    agent: str | None = None
    at_ms: TimeMs


class Gesture(StrEnum):
    """What the hand on the button meant (ALERTS.md, Gestures); `ok` is 报平安, `service` asks for help."""

    PRESS = "press"
    CANCEL = "cancel"
    ARRIVAL = "arrival"
    OK = "ok"
    SERVICE = "service"


class Press(Message):
    """One gesture on one button. Keyed by (device, press_id, pressed_at_ms, seq)."""

    press_id: Id
    button: ButtonName
    gesture: Gesture = Gesture.PRESS
    pressed_at_ms: TimeMs
    seq: Annotated[int, Field(ge=0, le=2**53)]
    episode_id: Id | None = None


class ReceiptState(StrEnum):
    """What became of an announcement at a device, in order; what follows `played` are the other ends."""

    RECEIVED = "received"
    VERIFIED = "verified"
    READY = "ready"
    PLAYING = "playing"
    PLAYED = "played"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"
    SUPPRESSED = "suppressed"
    STOPPED = "stopped"
    EXPIRED = "expired"
    REJECTED = "rejected"
    FAILED = "failed"


class StateAt(Message):
    """A state that an announcement reached, and when by the device's clock."""

    state: ReceiptState
    at_ms: TimeMs


class Finding(StrEnum):
    """What a device concludes from the sound alone; every fault but the quiet and the distorted leaves it unheard."""

    FINE = "fine"
    SILENT = "silent"
    TOO_QUIET = "too_quiet"
    DISTORTED = "distorted"
    WRONG_AUDIO = "wrong_audio"
    DEAD_MICROPHONE = "dead_microphone"
    UNJUDGED = "unjudged"
    """Too much noise, or too little of the sound: neither heard nor faulty."""


def _known_finding(value: object) -> object:
    """A finding that a newer device has a word for, and we have not, must not make its receipt unreadable."""
    return value if value in Finding.__members__.values() else None


AnyFinding = Annotated[Finding | None, BeforeValidator(_known_finding)]


class Evidence(Message):
    """What the device's own microphone heard of its own speaker; `finding` is absent where nothing is concluded."""

    heard: bool
    correlation: Share
    lag_ms: float
    level_dbfs: float
    finding: AnyFinding = None


class Receipt(Message):
    """What became of an announcement here; several states may travel in one receipt.

    Without `is_clock_known` the device had not learned the hub's time at one of them, and no time here means anything.
    """

    announcement_id: Id
    states: Annotated[list[StateAt], Field(min_length=1, max_length=16)]
    started_at_ms: TimeMs | None = None
    evidence: Evidence | None = None
    reason: Annotated[str, Field(max_length=200)] | None = None
    is_clock_known: bool = True


class Health(Message):
    """How a device is, every 15 s; a `*_proved_ms` is when the part was last seen to work, or absent."""

    uptime_s: Annotated[float, Field(ge=0)]
    temperature_c: float | None = None
    load: Annotated[float, Field(ge=0)] | None = None
    memory_mb: Annotated[float, Field(ge=0)] | None = None
    disk_free_mb: Annotated[float, Field(ge=0)] | None = None
    is_on_mains: bool | None = None
    battery: Share | None = None
    signal: Share | None = None
    clock_offset_ms: float | None = None
    outbox: Annotated[int, Field(ge=0)] = 0
    speaker_proved_ms: TimeMs | None = None
    microphone_proved_ms: TimeMs | None = None
    screen_proved_ms: TimeMs | None = None
    finding: AnyFinding = None
    finding_at_ms: TimeMs | None = None
    """What was last concluded of loudspeaker and microphone, by whatever sound, and when."""
    buttons_proved_ms: Annotated[dict[ButtonName, TimeMs], Field(max_length=200)] = {}
    buttons_stuck_since_ms: Annotated[dict[ButtonName, TimeMs], Field(max_length=200)] = {}
    """Buttons that have been held for longer than 10 s and are not released yet: a fault."""


class ClockProbe(Message):
    """Asks the hub for its time; `sent_ns` is the device's own monotonic clock and comes back unread."""

    nonce: Id
    sent_ns: int


class Reply(Message):
    """The answer to a command."""

    command_id: Id
    is_ok: bool
    detail: Annotated[str, Field(max_length=500)] | None = None
    evidence: Evidence | None = None


# --- to a device ---------------------------------------------------------------------------------------


class Signed(Message):
    """What every payload from the hub holds besides its content."""

    to: str
    id: Id
    issued_ms: TimeMs
    valid_until_ms: TimeMs


class Accepted(Signed):
    """The hub has this press on disk. Sent again for every repeat of the press."""

    press_id: Id
    alert_id: Id | None
    is_new_alert: bool
    recorded_at_ms: TimeMs


class Stage(StrEnum):
    """How far an alert has come, as the elder may be told."""

    RECORDED = "recorded"
    NOTIFYING = "notifying"
    ACCEPTED = "accepted"
    CHANGED = "changed"
    ARRIVED = "arrived"
    CLOSED = "closed"


class AlertStage(Signed):
    """What the elder may be told now; an older `stage_seq` of the same alert is dropped."""

    alert_id: Id
    button: ButtonName
    stage: Stage
    stage_seq: Annotated[int, Field(ge=0)]
    say: str
    audio_sha256: Sha256 | None = None


class Output(StrEnum):
    """Which loudspeaker answers a button: one at home, a shared one (stairwell), or none."""

    HOME = "home"
    SHARED = "shared"
    NONE = "none"


MOST_DELAY_MS = 500
"""Sound goes 170 m in so long; no amplifier that is of use takes longer."""


class QuietHours(Message):
    """Every day between these minutes after midnight there, over midnight too, nothing below priority 224 begins."""

    begins_minute: Annotated[int, Field(ge=0, lt=1440)]
    ends_minute: Annotated[int, Field(ge=0, lt=1440)]


class Config(Signed):
    """What a device needs to know of its place; retained."""

    community: str
    places: list[str]
    timezone: str
    outputs: dict[ButtonName, Output] = {}
    delay_ms: Annotated[float, Field(ge=-MOST_DELAY_MS, le=MOST_DELAY_MS)] = 0.0
    """How much later than the agreed instant it plays; earlier below 0, for an amplifier that needs its time."""
    volume: Share = 1.0
    quiet_hours: Annotated[list[QuietHours], Field(max_length=8)] = []
    noise_budget_s: Annotated[int, Field(gt=0, le=86_400)] | None = None
    """Seconds at full level that may sound there between two midnights, before nothing below priority 224 begins any
    more; None: no limit. Each second of an announcement or of live speech counts times the level that it is played at:
    its own volume, below 224 times the local one, 0-1. What is left too short for a whole announcement is left."""
    self_test_minute: Annotated[int, Field(ge=0, lt=1440)] | None = None
    """When, in minutes after midnight there, the device proves itself every day by a quiet sweep; None: never."""


class Timeline(BaseModel):
    """What a Unix time of the hub is on its machine's steady clock: that time minus `base_ns`, counted from the start
    of the machine that `boot` names. When the wall clock is set, the base changes; the steady clock does not.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    boot: Annotated[str, Field(max_length=64)]
    base_ns: int


class Manifest(Signed):
    """An announcement: what to play, when, and how important it is. `gap_ms` lies between repeats.

    With a `timeline`, `play_at_ms` and `valid_until_ms` are meant by that, whatever the hub's clock is set to: an
    instant is agreed. Without, they are meant by the clock on the wall.
    """

    kind: Literal["announcement"] = "announcement"
    announcement_id: Id
    priority: Annotated[int, Field(ge=0, le=255)]
    title: str
    text: str
    audio_sha256: Sha256
    duration_ms: Annotated[int, Field(gt=0)]
    repeat: Annotated[int, Field(ge=1, le=10)] = 1
    gap_ms: Annotated[int, Field(ge=0)] = 0
    play_at_ms: TimeMs
    volume: Share = 1.0
    timeline: Timeline | None = None


class Stop(Signed):
    """Ends one announcement, or all of them, at once."""

    kind: Literal["stop"] = "stop"
    announcement_id: Id | Literal["all"]


class Live(Signed):
    """Somebody is about to speak: frames will come on the announcement's live topic, numbered from `first_seq` on.

    All play a frame `delay_ms` after it was captured, by the hub's clock. A random `first_seq` tells the frames of
    one announcement from those of another.
    """

    kind: Literal["live"] = "live"
    announcement_id: Id
    priority: Annotated[int, Field(ge=0, le=255)]
    title: str
    first_seq: Annotated[int, Field(ge=0, lt=2**31)]
    delay_ms: Annotated[int, Field(ge=0, le=2_000)]
    volume: Share = 1.0


class LiveEnd(Signed):
    """The speaker has ended; what was captured before `end_us` (µs by the hub's clock) is still played."""

    kind: Literal["live_end"] = "live_end"
    announcement_id: Id
    end_us: Annotated[int, Field(ge=0, le=2**53)]


class Volume(Signed):
    """Sets the local volume, which announcements of priority 224 and above ignore."""

    kind: Literal["volume"] = "volume"
    volume: Share


class SelfTest(Signed):
    """Asks the device to play a short sweep and to report whether its microphone heard it."""

    kind: Literal["self_test"] = "self_test"


class Restart(Signed):
    """Asks the agent to end itself in good order, so that its supervisor starts it anew."""

    kind: Literal["restart"] = "restart"


class ClockAnswer(Signed):
    """The hub's time when the probe came and when the answer left, in nanoseconds of the Unix epoch."""

    nonce: Id
    sent_ns: int
    received_ns: int
    answered_ns: int
    timeline: Timeline | None = None


class HubStatus(Message):
    """Birth and will of the hub; `epoch` changes with every start, `restored_to_ms` after a restore."""

    state: LinkState
    epoch: Id
    at_ms: TimeMs
    restored_to_ms: TimeMs | None = None


Announce = Annotated[Manifest | Stop | Live | LiveEnd, Field(discriminator="kind")]
Command = Annotated[Volume | SelfTest | Restart, Field(discriminator="kind")]

_ANNOUNCE: TypeAdapter[Manifest | Stop | Live | LiveEnd] = TypeAdapter(Announce)
_COMMAND: TypeAdapter[Volume | SelfTest | Restart] = TypeAdapter(Command)

MAX_JSON_BYTES = 64 * 1024
"""Larger than any message of the contract (2,000 characters of text are 6 kB); what is larger is not read."""


def read(model: type[M], payload: bytes) -> M:
    """The message in `payload`; raises Unreadable when it is not one of this kind."""
    return _checked(model.model_validate_json, payload)


def read_announce(payload: bytes) -> Manifest | Stop | Live | LiveEnd:
    """The message about announcements in `payload`; raises Unreadable for any other kind."""
    return _checked(_ANNOUNCE.validate_json, payload)


def read_command(payload: bytes) -> Volume | SelfTest | Restart:
    """The command in `payload`; raises Unreadable for any other kind."""
    return _checked(_COMMAND.validate_json, payload)


def _checked(parse: Callable[[bytes], T], payload: bytes) -> T:
    if len(payload) > MAX_JSON_BYTES:
        raise Unreadable(f"{len(payload)} bytes are more than a message may have ({MAX_JSON_BYTES})")
    try:
        return parse(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "payload"
        raise Unreadable(f"{where}: {first['msg']}") from None
