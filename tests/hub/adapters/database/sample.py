"""A small community, and one of each kind of row, for the tests of the database."""

from __future__ import annotations

from dataclasses import replace

from hub.domain.alerts import Alert, Kind, Purpose, Stage, State
from hub.domain.devices import Device
from hub.domain.people import ChannelName, Contact, Person
from hub.domain.places import Home, Place, PlaceKind
from hub.services.ports import Announcement, Button, Community, Notification, PressRow, Telling, Tx

NOW_MS = 1_800_000_000_000

COMMUNITY = Community(1, "qingxi", "清溪社区", "Asia/Shanghai", "zh")
PLACES = [
    Place("building-10", PlaceKind.BUILDING, "10栋", "grid-1", 1.5, -2.0),  # before what it lies in, and before 9
    Place("all", PlaceKind.COMMUNITY, "清溪社区"),
    Place("grid-1", PlaceKind.GRID, "第一网格", "all"),
    Place("building-9", PlaceKind.BUILDING, "9栋", "grid-1"),
    Place("building-9-unit-2", PlaceKind.UNIT, "9栋2单元", "building-9"),
]
HOMES = [
    Home("home-9-1-101", "building-9", "9栋1单元101室"),
    Home("home-9-2-101", "building-9-unit-2", "9栋2单元101室"),
    Home("home-10-1-101", "building-10", "10栋1单元101室"),
]
PEOPLE = [
    Person("p1", "王芳", "000-0000-0001", "zh", (Contact(ChannelName.NTFY, "topic-1"), Contact(ChannelName.PAGE))),
    Person("p2", "Li Lei", "000-0000-0002", "en", (Contact(ChannelName.PAGE),)),
]
DEVICES = [Device("dev-10", "building-10"), Device("dev-9", "building-9")]
BUTTONS = [Button("dev-9", "9-1-101", "home-9-1-101", "home"), Button("dev-9", "hall", None, "shared")]


def fill(tx: Tx) -> None:
    """Stores the community and all of the above."""
    tx.places.create(COMMUNITY)
    tx.places.add_places(PLACES)
    tx.places.add_homes(HOMES)
    tx.people.add_people(PEOPLE)
    tx.devices.add_devices(DEVICES)
    tx.devices.add_buttons(BUTTONS)


ALERT = Alert(
    id="alert-1",
    kind=Kind.CALL,
    joins="home-9-1-101",
    device="dev-9",
    button="9-1-101",
    place="building-9",
    home_id="home-9-1-101",
    opened_ms=NOW_MS,
    state=State.OPEN,
    rung=0,
    due_ms=NOW_MS + 45_000,
    remind_ms=NOW_MS + 15_000,
    pressed_ms=(NOW_MS,),
)
PRESS = PressRow("dev-9", "press-1", NOW_MS - 400, 41, "9-1-101", "press", NOW_MS, None, is_new_alert=False)
NOTIFICATION = Notification(
    "note-1", "alert-1", "p1", ChannelName.NTFY, "topic-1", Purpose.ASK, None, 0, NOW_MS, NOW_MS
)
TELLING = Telling("tell-1", "alert-1", "dev-9", "9-1-101", Stage.RECORDED, 0, None, None, NOW_MS)
ANNOUNCEMENT = Announcement(
    id="ann-1",
    kind="notice",
    priority=100,
    title="停水",
    text="明天8点停水。",
    spoken="明天八点停水。",
    places=("grid-1", "building-9"),
    audio_sha256="ab" * 32,
    duration_ms=4_200,
    repeat=2,
    play_at_ms=NOW_MS + 600,
    valid_until_ms=NOW_MS + 60_000,
    created_ms=NOW_MS,
    created_by="p1",
)


def alert(number: int, **changes: object) -> Alert:
    """Another alert, of a button of its own."""
    return replace(ALERT, **({"id": f"alert-{number}", "joins": f"dev-9/{number}"} | changes))  # type: ignore[arg-type]  # fields by name


def closed(one: Alert) -> Alert:
    """The alert as it is stored when it has ended."""
    return replace(one, state=State.CLOSED, due_ms=None, remind_ms=None, closed_ms=NOW_MS + 1, version=one.version + 1)
