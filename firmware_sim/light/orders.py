"""What the scenario's program and the processes that hold light devices say to each other: JSON, one line each."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Line(BaseModel):
    """What all of them share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_line(self) -> bytes:
        """The JSON, with its end of line."""
        return self.model_dump_json().encode() + b"\n"


class SwitchOn(Line):
    """All devices get power, evenly over so many seconds."""

    do: Literal["switch_on"] = "switch_on"
    over_s: float


class Cut(Line):
    """A share of the devices at a place (`all` or a slug) lose power or link, evenly over `over_s`; power is back, for
    all at once, `dark_s` after the last. Links are made again by the devices themselves.
    """

    do: Literal["cut"] = "cut"
    what: Literal["power", "link"]
    place: str
    share: float
    over_s: float
    dark_s: float


class PressButtons(Line):
    """So many presses a second for so long, each of another device. Of those of battery buttons (a share) each try is
    lost by radio with probability `radio_loss`.
    """

    do: Literal["press"] = "press"
    name: str
    per_s: float
    for_s: float
    battery_share: float
    radio_loss: float


class Leave(Line):
    """All say goodbye, and the process ends."""

    do: Literal["leave"] = "leave"


class AskState(Line):
    """A State comes back."""

    do: Literal["state"] = "state"


class AskPresses(Line):
    """Presses come back: those of the streams so far."""

    do: Literal["presses"] = "presses"


class AskParts(Line):
    """Parts come back."""

    do: Literal["parts"] = "parts"
    announcement_id: str


class PressMade(Line):
    """One press. `button` lost: why it never reached its device. Seconds on the machine's monotonic clock."""

    press_id: str
    stream: str
    device: str
    button: str
    at_s: float
    lost_before_device: str | None = None
    accepted_s: float | None = None
    is_new_alert: bool = False
    alerts: tuple[str, ...] = ()


class State(Line):
    """How the devices of one process are; `counts` are events since its start."""

    say: Literal["state"] = "state"
    devices: int
    up: int
    configured: int
    powered: int
    waiting_presses: int
    untold_receipts: int
    pressed: int
    accepted: int
    counts: dict[str, int]
    clock_p50_ms: float | None
    cpu_s: float
    memory_kib: int
    memory_before_kib: int


class Presses(Line):
    """All presses of one process."""

    say: Literal["presses"] = "presses"
    presses: tuple[PressMade, ...]


class Parts(Line):
    """How far an announcement has come at each device, by its own account."""

    say: Literal["parts"] = "parts"
    states: dict[str, str]


AnyOrder: TypeAlias = SwitchOn | Cut | PressButtons | Leave | AskState | AskPresses | AskParts
AnySaying: TypeAlias = State | Presses | Parts
ORDERS: TypeAdapter[AnyOrder] = TypeAdapter(Annotated[AnyOrder, Field(discriminator="do")])
SAYINGS: TypeAdapter[AnySaying] = TypeAdapter(Annotated[AnySaying, Field(discriminator="say")])
