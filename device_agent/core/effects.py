"""What an agent does: the outputs of `decide`, to be performed in their order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from wire import messages


class LampSays(Enum):
    """What a button's lamp tells, for those who cannot hear."""

    NOTHING = "nothing"
    RECORDED = "recorded"
    SEARCHING = "searching"
    """Nobody has accepted yet; also while this device has no way to its hub and looks for one."""
    ACCEPTED = "accepted"


class Phrase(Enum):
    """What the agent says by itself, from audio files that it brings along."""

    NO_NETWORK = "no_network"
    """网络不通，正在想办法"""


class Step(Enum):
    """How far an announcement has come on this device; on disk are only `fetching`, `ready`, `started`, `ended`."""

    FETCHING = "fetching"
    READY = "ready"
    HANDED = "handed"
    """The mixer has it and waits for its instant or its turn: on disk still ready, as nothing has sounded."""
    STARTED = "started"
    """It sounds. On disk: it may have sounded, so a new start of the agent never begins it again."""
    HELD = "held"
    """It was interrupted, and waits in the mixer for its turn to be played from its start."""
    ENDED = "ended"


# --- kept on disk before anything else happens ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StorePress:
    """On disk, fsynced, when this returns."""

    press: messages.Press


@dataclass(frozen=True, slots=True)
class PressAccepted:
    """The hub has it: keep it as accepted, no longer as waiting."""

    press_id: str
    recorded_at_ms: int


@dataclass(frozen=True, slots=True)
class PressWaitsAgain:
    """The hub was restored to a time before it had this press."""

    press_id: str


@dataclass(frozen=True, slots=True)
class ForgetAccepted:
    """Accepted presses that the hub recorded before this are kept no longer."""

    before_ms: int


@dataclass(frozen=True, slots=True)
class KeepRestore:
    """Presses were sent again for this restore of the hub; not a second time."""

    restored_to_ms: int


@dataclass(frozen=True, slots=True)
class StoreManifest:
    """Keep the announcement, and its message id as seen."""

    manifest: messages.Manifest


@dataclass(frozen=True, slots=True)
class StoreStep:
    """Keep how far the announcement has come."""

    announcement_id: str
    step: Step


@dataclass(frozen=True, slots=True)
class ForgetManifest:
    """The announcement is past, and nothing can bring it back."""

    announcement_id: str


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """Keep the id of a message until it expires, so that it is not obeyed twice."""

    message_id: str
    valid_until_ms: int


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Keep the configuration, and follow the announcements of its places."""

    config: messages.Config


# --- said to the hub -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublishPress:
    """Send it now; if that fails, a later `PublishPress` follows."""

    press: messages.Press


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """Keep it until the broker has acknowledged it, and send it."""

    receipt: messages.Receipt


@dataclass(frozen=True, slots=True)
class SendReply:
    """Answer a command."""

    reply: messages.Reply


@dataclass(frozen=True, slots=True)
class AskTime:
    """Ask the hub for its time at once; `TimeTold` follows if it answers."""


@dataclass(frozen=True, slots=True)
class AssumeTime:
    """The hub's time is the monotonic clock plus this, in ms, as far as can be told until it answers."""

    offset_ms: int


# --- said and shown to people --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShowLamp:
    """Let the lamp of this button say this from now on."""

    button: str
    says: LampSays


@dataclass(frozen=True, slots=True)
class Told:
    """Which stage of which alert a lamp or a voice tells; a voice alone for itself names neither."""

    button: str
    alert_id: str | None
    stage: messages.Stage | None


@dataclass(frozen=True, slots=True)
class Speak:
    """Say this file as soon as it is there and its turn has come; `until_ms` on the monotonic clock is too late."""

    sound_id: str
    sha256: str
    until_ms: int
    told: Told


@dataclass(frozen=True, slots=True)
class SpeakPhrase:
    """Say one of the agent's own phrases now; `until_ms` as in Speak."""

    sound_id: str
    phrase: Phrase
    until_ms: int
    told: Told


@dataclass(frozen=True, slots=True)
class FetchAudio:
    """Have the file on disk; `AudioReady` or `AudioFailed` follows."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Play:
    """Hand an announcement to the mixer; `start_ms` is by its own timeline, None means now, `resumes` is what an
    interruption does to it.
    """

    manifest: messages.Manifest
    start_ms: float | None
    resumes: bool


@dataclass(frozen=True, slots=True)
class OpenLive:
    """Receive the frames of this speaker and play them; `LiveOpen` follows when they would come."""

    message: messages.Live


@dataclass(frozen=True, slots=True)
class EndLive:
    """Nothing was captured after `end_us` (by the hub's clock): play to there."""

    announcement_id: str
    end_us: int


@dataclass(frozen=True, slots=True)
class CloseLive:
    """Receive its frames no more."""

    announcement_id: str


@dataclass(frozen=True, slots=True)
class PlaySweep:
    """Play the self-test's sweep; a quiet one is for the night."""

    sound_id: str
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class StoreNight:
    """Keep how often the test of the night planned for this instant was tried."""

    planned_ms: int
    tries: int


@dataclass(frozen=True, slots=True)
class StoreNoise:
    """Keep how much was sounded on this day, in ms at full level."""

    day: str
    used_ms: int


@dataclass(frozen=True, slots=True)
class StopSound:
    """End a sound; an unknown id changes nothing."""

    sound_id: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Compare what the microphone hears with what is played; `Judged` follows."""

    sound_id: str
    started_s: float
    skipped_s: float


@dataclass(frozen=True, slots=True)
class SetVolume:
    """The local volume, 0-1."""

    volume: float


@dataclass(frozen=True, slots=True)
class Restart:
    """End in good order; the supervisor starts the agent anew."""


Effect: TypeAlias = (
    StorePress
    | PressAccepted
    | PressWaitsAgain
    | ForgetAccepted
    | KeepRestore
    | StoreManifest
    | StoreStep
    | ForgetManifest
    | StoreSeen
    | StoreConfig
    | PublishPress
    | SendReceipt
    | SendReply
    | AskTime
    | AssumeTime
    | ShowLamp
    | Speak
    | SpeakPhrase
    | Told
    | FetchAudio
    | Play
    | OpenLive
    | EndLive
    | CloseLive
    | PlaySweep
    | StoreNight
    | StoreNoise
    | StopSound
    | Listen
    | SetVolume
    | Restart
)
