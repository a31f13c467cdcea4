"""The fleet file: which simulated buildings to run, and how they reach their hub.

The file is JSON:

    {"broker": {"host": "127.0.0.1", "port": 18830, "ca_file": null},
     "hub_keys": ["<64 hexadecimal digits: the hub's public Ed25519 key>"],
     "data_dir": "/somewhere/sim",
     "processes": 2,
     "buildings": [{"device": "building-17", "user": "building-17", "password": "…",
                    "buttons": ["17-1-101", "17-1-102"]}]}

`user` may be left out (it is the device's name then), `processes` too (2). Community, places, outputs,
delay and volume are not here: as on a real device they come from the hub, in the retained `config`.

`python -m firmware_sim run FLEET.json` runs them until SIGTERM or SIGINT (with `--while-stdin-open` also
until its standard input ends, so that no process outlives the one that started it) and prints JSON lines:

    {"event": "armed", "buildings": 69, "seconds": 1.3}        every button and loudspeaker works
    {"event": "connected", "buildings": 69, "seconds": 2.9}    every building has said `online`

Below `data_dir` each building has a folder `<device>/`: what an agent keeps (`outbox.db`, `audio/`), and

    told.jsonl    one line for each thing that the elder was told: {"at_ms", "button", "alert_id", "stage",
                  "lamp", "said"}; `said` is true when it was spoken, and `alert_id` and `stage` are null
                  where the agent spoke for itself

Each process listens on `data_dir/control-<n>.sock`: one JSON object a line, answered by one line,
{"ok": true, …} or {"ok": false, "error": "a sentence"}.

    {"do": "press", "building": B, "button": N, "gesture": "press"}    or "cancel", "arrival" (take seconds)
    {"do": "fault", "building": B or "all", "fault": F, "value": V}    F is a Fault, V as said there
    {"do": "state"}                                                    this process's buildings and its costs

`python -m firmware_sim press FLEET.json B N` and `… fault FLEET.json B F [V]` send the same from a shell.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wire import messages, topics

LONGEST_SOCKET_PATH = 107  # what Linux allows


class BadFleet(ValueError):
    """A fleet file that cannot be used; the text says what is wrong with it."""


class Fault(StrEnum):
    """What can be made to go wrong, and what its value means."""

    LINK_DOWN = "link_down"
    """1: the connection is cut without a word and cannot be made again; 0: it can."""
    DELAY = "delay"
    """Milliseconds that each message needs longer, in both directions."""
    DUPLICATES = "duplicates"
    """1: each message travels twice, in both directions; 0: once."""
    REBOOT = "reboot"
    """Seconds without power, after which the building starts anew from what its disk holds."""
    CLOCK_SKEW = "clock_skew"
    """Milliseconds that the building's wall clock is stepped by."""
    SILENT_SPEAKER = "silent_speaker"
    """1: the loudspeaker gives no sound; 0: it does."""
    QUIET_SPEAKER = "quiet_speaker"
    """By how many dB the loudspeaker is softer than it was set up to be."""
    DISTORTED_SPEAKER = "distorted_speaker"
    """1: its amplifier is driven far beyond what it can give; 0: it is not."""
    WRONG_AUDIO = "wrong_audio"
    """1: whenever something should sound, something else does; 0: what should."""
    DEAD_MICROPHONE = "dead_microphone"
    """1: the microphone hears nothing; 0: it does."""
    NO_MICROPHONE = "no_microphone"
    """1: there is no microphone; 0: there is."""
    NOISY_ROOM = "noisy_room"
    """1: a noise in the room is louder than the loudspeaker; 0: it is as quiet as a stairwell at night."""


class Frozen(BaseModel):
    """What all parts of the file share: they do not change, and a misspelt name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BrokerAddress(Frozen):
    """Where the broker listens; with `ca_file` the connection is TLS and that authority signs for it."""

    host: str
    port: Annotated[int, Field(gt=0, lt=65536)]
    ca_file: Path | None = None


class Building(Frozen):
    """One simulated building: its login at the broker and the buttons in it."""

    device: str
    user: str | None = None
    password: str | None = Field(default=None, repr=False)
    buttons: list[messages.ButtonName] = []


class Fleet(Frozen):
    """The whole file."""

    broker: BrokerAddress
    hub_keys: Annotated[list[messages.Sha256], Field(min_length=1)]
    data_dir: Path
    processes: Annotated[int, Field(ge=1, le=64)] = 2
    buildings: Annotated[list[Building], Field(min_length=1)]

    def share(self, index: int) -> list[Building]:
        """The buildings that process `index` runs: every `processes`-th one."""
        return self.buildings[index :: self.processes]

    def control_socket(self, index: int) -> Path:
        """Where process `index` listens for commands."""
        return self.data_dir / f"control-{index}.sock"


def load(path: Path) -> Fleet:
    """The fleet in the file; raises BadFleet, with a sentence, for one that cannot be used."""
    try:
        fleet = Fleet.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadFleet(f"The fleet file {path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadFleet(f"The fleet file {path} is not right at {where}: {first['msg']}.") from None
    names: set[str] = set()
    for building in fleet.buildings:
        if not topics.is_slug(building.device) or building.device in names:
            raise BadFleet(f"Device names must be different slugs; {building.device!r} is not.")
        names.add(building.device)
    if len(str(fleet.control_socket(fleet.processes).absolute())) > LONGEST_SOCKET_PATH:
        raise BadFleet(f"The path {fleet.data_dir} is too long for a socket below it; choose a shorter one.")
    return fleet
