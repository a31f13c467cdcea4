"""What the services need from outside: one small protocol each, filled by an adapter.

A transaction (`Tx`) belongs to one community and gives one store a noun. Writes happen inside `Database.write`,
which commits (fsynced) before it returns; jobs that arrive together are committed together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeAlias, TypeVar

from hub.domain.alerts import Alert, Aloud, Entry, Purpose, Stage
from hub.domain.announcements import Progress, Status
from hub.domain.devices import Device
from hub.domain.ladders import LadderRule
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Group, Person, Resident, Role
from hub.domain.places import Home, Place, Spans
from hub.domain.reachability import Outcome, Said
from hub.domain.roster import Absence, Extra, Rota, Shift, Swap
from hub.domain.score import Call
from hub.domain.second_person import OUT, Hold, Window
from wire.live import Frame
from wire.messages import Timeline

T = TypeVar("T")


# --- rows that have no rules of their own --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Community:
    """社区. `timezone` is an IANA name, `language` zh or en, `slug` stands in topics."""

    id: int
    slug: str
    name: str
    timezone: str
    language: str


PressKey = tuple[str, str, int, int, str, str]
"""device, press_id, pressed_at_ms, seq, button, gesture: the same again is a repeat, anything else is a new press."""


@dataclass(frozen=True, slots=True)
class PressRow:
    """A press as it was received. `raw` is the payload of one that could not be read, else None."""

    device: str
    press_id: str
    pressed_at_ms: int
    seq: int
    button: str
    gesture: str
    received_ms: int
    alert_id: str | None
    is_new_alert: bool
    episode_id: str | None = None
    raw: bytes | None = None

    @property
    def key(self) -> PressKey:
        """What makes it the same press."""
        return (self.device, self.press_id, self.pressed_at_ms, self.seq, self.button, self.gesture)


@dataclass(frozen=True, slots=True)
class Button:
    """A button that staff have mapped. `output` is home, shared or none (WIRE.md, Output)."""

    device: str
    name: str
    home_id: str | None
    output: str


@dataclass(frozen=True, slots=True)
class Configured:
    """What a device's settings depend on beside its place and buttons; `sent_digest` names those it was last sent."""

    id: str
    place: str
    volume: float
    delay_ms: float
    sent_digest: str | None = None
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A journal entry as stored; `id` rises over the whole community."""

    id: int
    alert_id: str
    at_ms: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Telling:
    """Something to tell an elder, written in the transaction that made it true. `sent_ms` is None until published."""

    id: str
    alert_id: str
    device: str
    button: str
    stage: Stage
    stage_seq: int
    person_id: str | None
    minutes: int | None
    created_ms: int
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """Something to be sent to a person (None: the duty webhook). `state` is due, sent, failed or dropped.

    `sent` means that the channel took it, nothing more. `due_ms` is when it is tried next.
    """

    id: str
    alert_id: str
    person_id: str | None
    channel: ChannelName
    address: str
    purpose: Purpose
    about_person_id: str | None
    rung: int
    created_ms: int
    due_ms: int
    state: str = "due"
    attempts: int = 0
    sent_ms: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Callout:
    """Something for the loudspeakers at `place` to say of an alert. `due_ms` is when it is tried next, None once done.

    `announcement_id` names the announcement that says it, None for one that was never said.
    """

    id: str
    alert_id: str
    place: str
    what: Aloud
    created_ms: int
    due_ms: int | None
    announcement_id: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """An announcement as stored. `places` are the targets without overlap, `stopped_ms` None unless stopped.

    The four of the second person's window (domain.second_person) are empty for one that is not held; one that was
    called off counts as stopped too. `boot` and `base_ns` are those of its timeline.
    """

    id: str
    kind: str
    priority: int
    title: str
    text: str
    spoken: str
    places: tuple[str, ...]
    audio_sha256: str
    duration_ms: int
    repeat: int
    play_at_ms: int
    valid_until_ms: int
    created_ms: int
    created_by: str
    stopped_ms: int | None = None
    status: Status = Status.ACTUAL
    hold: Hold | None = None
    hold_until_ms: int | None = None
    hold_at_ms: int | None = None
    hold_by: str | None = None
    boot: str | None = None
    base_ns: int | None = None

    @property
    def timeline(self) -> Timeline | None:
        """By which its instant is agreed with the devices; None where the clock on the wall is meant."""
        if self.boot is None or self.base_ns is None:
            return None
        return Timeline(boot=self.boot, base_ns=self.base_ns)

    @property
    def window(self) -> Window | None:
        """The second person's window; None for one that needed none."""
        if self.hold is None or self.hold_until_ms is None:
            return None
        return Window(self.created_by, self.hold_until_ms, self.play_at_ms, self.hold, self.hold_by, self.hold_at_ms)

    @property
    def is_out(self) -> bool:
        """Whether devices may be sent it, or have been."""
        return self.hold is None or self.hold in OUT


@dataclass(frozen=True, slots=True)
class Sound:
    """An encoded sound: Opus in Ogg, its hash, its length."""

    opus: bytes
    sha256: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in."""

    id: str
    person_id: str
    username: str
    password_hash: str
    role: Role


@dataclass(frozen=True, slots=True)
class Grant:
    """What a session or a token allows: found by the SHA-256 of its secret, never stored in clear."""

    hash: str
    role: Role
    person_id: str | None
    name: str
    created_ms: int
    expires_ms: int
    kind: str = field(default="session")  # or "token"


RotaEntry = Shift | Extra | Swap | Absence
"""What a rota is made of, each with an id."""


@dataclass(frozen=True, slots=True)
class AskedSwap:
    """A swap that somebody asks for and that staff have not agreed to."""

    swap: Swap
    asked_by: str
    asked_ms: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """A note for whoever is next (交接): left at a post by the one whose turn ends at `ends_ms`."""

    place: str
    duty: Duty
    ends_ms: int
    person_id: str
    text: str
    written_ms: int


@dataclass(frozen=True, slots=True)
class StoredSigns:
    """What a person said of themselves, when they last answered, and how the last request on each channel went."""

    said: Said | None = None
    answered_ms: int | None = None
    outcomes: Mapping[ChannelName, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """`actor` (a person's id, or a program's name) did `what`; `detail` holds ids, never names."""

    at_ms: int
    actor: str
    what: str
    detail: Mapping[str, object]


# --- stores --------------------------------------------------------------------------------------------


class PlaceStore(Protocol):
    """The community and its parts."""

    def create(self, community: Community) -> None:
        """Stores the community itself; its id must be the transaction's."""
        ...

    def community(self) -> Community:
        """Raises NotFound before it was created."""
        ...

    def name_community(self, name: str) -> None:
        """What the community is called; its slug stays, since topics hold it."""
        ...

    def places(self) -> dict[str, Place]: ...
    def add_places(self, places: Sequence[Place]) -> None: ...
    def set_quiet_hours(self, slug: str, spans: Spans | None) -> None:
        """Its own quiet hours from now on, or None for those of the wider place; an unknown place changes nothing."""
        ...

    def set_noise_budget(self, slug: str, minutes: int | None) -> None:
        """Its own noise budget from now on, or None for that of the wider place; an unknown place changes nothing."""
        ...

    def homes(self, ids: Collection[str]) -> dict[str, Home]: ...
    def homes_named(self, text: str, most: int) -> list[Home]:
        """The homes whose name holds this text, at most so many; one that is called exactly so comes first."""
        ...

    def add_homes(self, homes: Sequence[Home]) -> None: ...
    def count_homes(self) -> dict[str, int]:
        """How many homes lie in each building."""
        ...


class PeopleStore(Protocol):
    """People, and what they answer for."""

    def people(self, ids: Collection[str] | None = None) -> dict[str, Person]:
        """These people with their contacts, or all of them."""
        ...

    def add_people(self, people: Sequence[Person]) -> None: ...
    def add_contact(self, person_id: str, contact: Contact) -> None:
        """A further way to reach the person, after those that are there."""
        ...

    def set_contacts(self, person_id: str, contacts: Sequence[Contact]) -> None:
        """Replaces all ways to reach the person, in this order."""
        ...

    def drop_contact(self, person_id: str, contact: Contact) -> None:
        """Forgets this way; nothing happens when it is not there."""
        ...

    def add_assignments(self, assignments: Sequence[Assignment]) -> None: ...
    def assignments(self, places: Collection[str] | None = None) -> list[Assignment]:
        """What people answer for, by themselves (in the order in which it was added) and then in groups."""
        ...

    def add_groups(self, groups: Sequence[Group]) -> None: ...
    def groups(self) -> list[Group]: ...
    def set_link(self, person_id: str, secret_hash: str) -> None:
        """Replaces the secret of a person's own page."""
        ...

    def by_link(self, secret_hash: str) -> Person | None: ...


class RotaStore(Protocol):
    """Who is on duty when."""

    def rota(self) -> Rota:
        """All that is agreed."""
        ...

    def put(self, entries: Sequence[RotaEntry], now_ms: int) -> None:
        """Stores these, each in place of what had its id; a swap counts as agreed at `now_ms`."""
        ...

    def add_shifts(self, shifts: Sequence[Shift]) -> None:
        """Adds many weekly shifts at once."""
        ...

    def drop(self, kind: type[RotaEntry], entry_id: str) -> None:
        """Removes it, a shift with its swaps; nothing happens if it is not there."""
        ...

    def forget(self, before_day: date, before_ms: int) -> None:
        """Removes what held on single days before these times, so that what every press reads does not grow."""
        ...

    def ask(self, asked: AskedSwap) -> None:
        """Stores a swap that is only asked for; it changes nothing of who is on duty."""
        ...

    def asked(self) -> list[AskedSwap]:
        """The swaps that wait for an answer, the oldest first."""
        ...

    def put_hand_over(self, note: HandOver) -> None:
        """Stores a note in place of the one for the same post and end; an empty one removes it."""
        ...

    def hand_overs(self, since_ms: int) -> list[HandOver]:
        """The notes of shifts that ended or end after `since_ms`, in that order."""
        ...


class ReachStore(Protocol):
    """What points to whether people can be reached."""

    def signs(self) -> dict[str, StoredSigns]:
        """By person; whoever left none is not in it."""
        ...

    def say(self, person_id: str, said: Said) -> None: ...
    def answered(self, person_id: str, at_ms: int) -> None: ...
    def outcomes(self, rows: Mapping[tuple[str, ChannelName], Outcome]) -> None:
        """What became of the last notification of these people on these channels."""
        ...

    def unreachable(self) -> frozenset[str]:
        """Who is known not to be reached."""
        ...

    def set_unreachable(self, person_ids: Collection[str]) -> None:
        """These are, and all others are not."""
        ...


class AuditStore(Protocol):
    """Who changed what."""

    def add(self, row: AuditRow) -> None: ...
    def latest(self, limit: int) -> list[AuditRow]:
        """The newest first."""
        ...


class LadderStore(Protocol):
    """The ladders that staff have written down."""

    def rules(self) -> Sequence[LadderRule]: ...
    def add(self, rules: Sequence[LadderRule]) -> None: ...
    def update(self, rule: LadderRule) -> None:
        """Stores a rule whose `version` is one above the stored one; raises Changed when it is not."""
        ...

    def remove(self, rule_id: str, version: int) -> None:
        """Raises Changed when it is another by now, or gone."""
        ...


class ResidentStore(Protocol):
    """Who lives in the homes."""

    def add_residents(self, residents: Sequence[Resident]) -> None: ...
    def residents_of(self, home_ids: Collection[str]) -> dict[str, list[Resident]]:
        """By home; a home that nobody is entered for is left out."""
        ...


class DeviceStore(Protocol):
    """Devices and their buttons."""

    def devices(self, ids: Collection[str] | None = None) -> dict[str, Device]:
        """Devices with what was last heard of them, or all; button proofs come from their presses."""
        ...

    def last_heard(self, ids: Collection[str]) -> dict[str, Device]:
        """As `devices`, without their buttons: enough to note what is heard of them, which is all the time."""
        ...

    def heard_again(self, ids: Collection[str], lately_ms: int, soon_ms: int, now_ms: int) -> list[str]:
        """Those of these (those that exist) that do not say online, or were not heard between `lately_ms` and now.

        The others are heard at `now_ms`, but for those heard since `soon_ms`: nothing else is known of them, and no
        page shows them otherwise.
        """
        ...

    def add_devices(self, devices: Sequence[Device]) -> None: ...
    def save(self, devices: Sequence[Device]) -> None:
        """Stores what was heard of them (state, session, heard_ms, clock offset, outbox, proofs)."""
        ...

    def configured(self, ids: Collection[str] | None = None) -> list[Configured]:
        """What the settings of these devices depend on, or of all, by id; cheap, also for ten thousand."""
        ...

    def note_configured(self, digests: Mapping[str, str], now_ms: int) -> None:
        """The broker has taken the settings of these names, by device."""
        ...

    def places_of(self, ids: Collection[str] | None = None) -> dict[str, str]:
        """Only where these devices are, or all: for the press path and for announcing, which need no more."""
        ...

    def buttons(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Button]: ...
    def buttons_of(self, device: str) -> list[Button]: ...
    def add_buttons(self, buttons: Sequence[Button]) -> None: ...


class PressStore(Protocol):
    """Every press that was received, each once."""

    def known(self, keys: Collection[PressKey]) -> dict[PressKey, PressRow]: ...
    def add(self, presses: Sequence[PressRow]) -> None: ...
    def of_alert(self, alert_id: str) -> list[PressRow]: ...


class AlertStore(Protocol):
    """Alerts and their journal."""

    def get(self, alert_id: str) -> Alert | None: ...
    def some(self, ids: Collection[str]) -> dict[str, Alert]: ...
    def open_for(self, joins: Collection[str]) -> dict[str, Alert]:
        """The alerts not closed that gather these buttons' presses, by `joins`."""
        ...

    def not_closed(self) -> list[Alert]: ...
    def latest(self, limit: int, before_ms: int | None = None) -> list[Alert]: ...
    def calls(self, since_ms: int) -> list[Call]:
        """What the journal says of every call for help opened since then, requests for service left out."""
        ...

    def due(self, now_ms: int, limit: int) -> list[Alert]:
        """Alerts whose `due_ms` or `remind_ms` has come, the longest overdue first."""
        ...

    def add(self, alerts: Sequence[Alert]) -> None: ...
    def update(self, alerts: Sequence[Alert]) -> None:
        """Stores alerts whose `version` is one above the stored one; raises Changed when it is not."""
        ...

    def next_due_ms(self) -> int | None:
        """When the next alert is due, None when nothing waits."""
        ...

    def add_journal(self, rows: Sequence[tuple[str, int, Entry]]) -> None:
        """Rows of alert id, time, entry."""
        ...

    def journal(self, alert_id: str) -> list[JournalRow]: ...
    def clock_offset_ms(self, boot_id: str) -> int | None:
        """By how much the wall clock was ahead of this boot's steady one when deadlines were last shifted to it."""
        ...

    def keep_clock_offset(self, boot_id: str, offset_ms: int) -> None: ...


class NotificationStore(Protocol):
    """What people are to be sent, and what became of it."""

    def add(self, notifications: Sequence[Notification]) -> None: ...
    def due(self, now_ms: int, limit: int) -> list[Notification]: ...
    def next_due_ms(self) -> int | None: ...
    def save(self, notifications: Sequence[Notification]) -> None:
        """Stores state, attempts, due_ms, sent_ms and error; one that was dropped meanwhile does not become due."""
        ...

    def drop_asks(self, alert_ids: Collection[str]) -> None:
        """What still asks for an alert that needs nobody more is dropped, not sent."""
        ...

    def of_alert(self, alert_id: str) -> list[Notification]: ...
    def asked(self, alert_id: str) -> list[str]:
        """Whoever has been asked to go, whatever became of it, but for what was dropped before it was sent."""
        ...


class TellingStore(Protocol):
    """What elders are to be told."""

    def add(self, tellings: Sequence[Telling]) -> None: ...
    def unsent(self, since_ms: int) -> list[Telling]: ...
    def mark_sent(self, ids: Collection[str], now_ms: int) -> None: ...
    def of_alert(self, alert_id: str) -> list[Telling]: ...


class CalloutStore(Protocol):
    """What loudspeakers are to say of alerts."""

    def add(self, callouts: Sequence[Callout]) -> None: ...
    def due(self, now_ms: int, limit: int) -> list[Callout]: ...
    def next_due_ms(self) -> int | None: ...
    def since(self, place: str, since_ms: int) -> list[Callout]: ...
    def of_alert(self, alert_id: str) -> list[Callout]: ...
    def save(self, callouts: Sequence[Callout]) -> None:
        """Stores `due_ms` and `announcement_id`."""
        ...


Meant: TypeAlias = Mapping[tuple[str, str], Collection[str]]
"""The ids of announcements, by the device that they were meant for and the place where it stood."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """One of the `count` announcements not heard at a device, of which so many were sent; `part` as of `alike`."""

    part: Progress
    announcement_id: str
    device: str
    place: str
    count: int
    sent: int
    played: int


class AnnouncementStore(Protocol):
    """Announcements, their sounds, and what became of them at each device."""

    def add(self, announcement: Announcement, devices: Sequence[tuple[str, str]]) -> None:
        """Stores it with one `sent` progress row for each (device, place)."""
        ...

    def get(self, announcement_id: str) -> Announcement | None: ...
    def latest(self, limit: int) -> list[Announcement]: ...
    def begun(self, since_ms: int, until_ms: int, limit: int) -> list[Announcement]:
        """The last so many whose agreed instant lies between these two, both included; the latest first."""
        ...

    def valid(self, now_ms: int) -> list[Announcement]:
        """Those not stopped and still valid, the oldest first."""
        ...

    def stopped(self, now_ms: int) -> list[Announcement]:
        """Those stopped that a device may still have in hand, being valid; the oldest first."""
        ...

    def held(self) -> list[Announcement]:
        """Those that wait for a second person, the oldest first."""
        ...

    def save_hold(self, announcement: Announcement) -> None:
        """Replaces how its window stands, when it begins, until when it is valid and whether it is stopped."""
        ...

    def stop(self, announcement_id: str, now_ms: int) -> None: ...
    def progress(self, announcement_id: str) -> list[Progress]: ...
    def count_as_sent(self, announcement_id: str, devices: Collection[str] | None, now_ms: int) -> None:
        """These devices' parts, or all, have been sent; what was sent before keeps its time."""
        ...

    def alike(self, announcement_id: str) -> list[tuple[Progress, int]]:
        """One part for all that are counted alike, and how many they are; its device and place are empty."""
        ...

    def places_of(self, announcement_id: str) -> set[str]:
        """The places of the devices that it was meant for."""
        ...

    def meant(self, announcement_ids: Collection[str]) -> Meant:
        """Which of these, at most 500, were meant for each device."""
        ...

    def unheard(self, announcement_ids: Collection[str], most: int) -> list[Unheard]:
        """Of these, at most 500, the newest `most` not heard at each device, the newest first."""
        ...

    def sounded(self, since_ms: int) -> dict[str, int]:
        """How much of announcements that ended since then each device has reported as played, to the end or in part:
        in ms at full level (wire.messages.Config.noise_budget_s). A device that reported none is not in it."""
        ...

    def save_progress(self, rows: Sequence[tuple[str, Progress]]) -> None:
        """Rows of announcement id and a device's part in it."""
        ...

    def progress_of(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Progress]:
        """By (announcement id, device)."""
        ...

    def add_sound(self, sound: Sound, now_ms: int) -> None: ...
    def sound(self, sha256: str) -> Sound | None: ...
    def close_live(self, announcement_id: str, audio_sha256: str, duration_ms: int, now_ms: int) -> None:
        """What was spoken live is over: its recording, which may be none, and no validity from now on."""
        ...


class AccessStore(Protocol):
    """Accounts, sessions and tokens."""

    def accounts(self) -> list[Account]: ...
    def account(self, username: str) -> Account | None: ...
    def add_account(self, account: Account) -> None: ...
    def add_grant(self, grant: Grant) -> None: ...
    def grant(self, secret_hash: str, now_ms: int) -> Grant | None:
        """The grant, unless it has expired."""
        ...

    def drop_grant(self, secret_hash: str) -> None: ...


class Tx(Protocol):
    """One transaction on one community."""

    @property
    def places(self) -> PlaceStore: ...
    @property
    def people(self) -> PeopleStore: ...
    @property
    def rota(self) -> RotaStore: ...
    @property
    def ladders(self) -> LadderStore: ...
    @property
    def reach(self) -> ReachStore: ...
    @property
    def residents(self) -> ResidentStore: ...
    @property
    def devices(self) -> DeviceStore: ...
    @property
    def presses(self) -> PressStore: ...
    @property
    def alerts(self) -> AlertStore: ...
    @property
    def notifications(self) -> NotificationStore: ...
    @property
    def tellings(self) -> TellingStore: ...
    @property
    def callouts(self) -> CalloutStore: ...
    @property
    def announcements(self) -> AnnouncementStore: ...
    @property
    def access(self) -> AccessStore: ...
    @property
    def audit(self) -> AuditStore: ...


class Database(Protocol):
    """Where everything is kept."""

    async def write(
        self, job: Callable[[Tx], T], *, is_urgent: bool = False, then: Callable[[T], None] | None = None
    ) -> T:
        """Runs `job` on the writer and returns its result once it is committed; nothing of it stays if it raises.

        Urgent jobs, those of a press, come before all others that wait. `then` is given the result in the loop as soon
        as it is committed, also when nobody waits for it any more: a request that is given up, or a connection that
        breaks, must not keep from people what is true.
        Raises CommitFailed when it could not be committed, for whatever reason that is not the job's own.
        """
        ...

    async def read(self, job: Callable[[Tx], T]) -> T:
        """Runs `job`, which must not write, on one consistent state."""
        ...

    def is_hurried(self) -> bool:
        """Whether an urgent job waits and the one that asks has had its time: it should leave for later what it can."""
        ...


class CommitFailed(Exception):
    """The database did not take a write (disk full, I/O error, locked, closed): nothing may be claimed as stored.

    Repeating it is safe only for a job that recognises what it has stored before: when the disk fails at the very
    end, what counts as failed may still be found after a restart.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# --- the world outside ---------------------------------------------------------------------------------


class Clock(Protocol):
    """The time; a fake one in tests."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, by the wall clock, which may step."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds that never step."""
        ...

    def boot_id(self) -> str:
        """Names the instant that `monotonic_ms` counts from: programs that name the same one count alike."""
        ...

    def timeline(self) -> Timeline:
        """What Unix times of now are on the machine's steady clock."""
        ...


class Channel(Protocol):
    """One way to reach people."""

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns when the channel took it; raises ChannelFailed otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: a title and a sentence for people, `body` for programs (the webhook's JSON)."""

    alert_id: str
    title: str
    text: str
    body: Mapping[str, object]


NO_PAGE_OPEN = "no page open"
"""Why the open page reaches nobody now."""


class Probe(Protocol):
    """A channel that can tell whether it reaches somebody."""

    def reaches(self, person_id: str) -> bool | None:
        """Whether it does just now; None when it cannot tell. Never waits; may be asked from any thread."""
        ...


class ChannelFailed(Exception):
    """A channel did not take a notification; `reason` is for the technician and holds no address and no secret.

    `is_final` says that trying again is of no use (nobody's page is open, the address is refused).
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final


class Publisher(Protocol):
    """Publishes to devices over MQTT."""

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        """Signs and publishes at QoS 1; returns when the broker has it; raises PublishFailed without a link."""
        ...

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None: ...
    async def audio(self, sound: Sound, *, expiry_s: int) -> None:
        """Retains the file on its own topic; publishing the same one again only renews its expiry."""
        ...


class LiveLink(Protocol):
    """Carries live speech to devices over MQTT."""

    @property
    def is_connected(self) -> bool:
        """Whether a frame has a chance now."""
        ...

    async def live(self, announcement_id: str, frame: Frame) -> None:
        """Signs and publishes a frame at QoS 0; raises PublishFailed without a link."""
        ...


class PublishFailed(Exception):
    """The broker did not take a message; what is stored as unsent is sent after the next connection."""


class SoundFailed(Exception):
    """No sound could be made of a text; trying again may help."""


class SoundMaker(Protocol):
    """Turns text into encoded speech; raises SoundFailed."""

    async def announcement(self, text: str, kind: str, language: str) -> Sound: ...
    async def clip(self, text: str, language: str) -> Sound: ...


class Recording(Protocol):
    """Live speech that is being kept."""

    def add(self, opus: bytes) -> None:
        """The next frame of 20 ms."""
        ...

    def close(self) -> None: ...


class Recordings(Protocol):
    """Live speech on disk, by announcement id, until it is stored."""

    def begin(self, announcement_id: str) -> Recording:
        """Raises OSError."""
        ...

    def unfinished(self) -> list[str]: ...
    def sound(self, announcement_id: str) -> Sound | None:
        """What was kept; None where there is nothing."""
        ...

    def forget(self, announcement_id: str) -> None: ...


class News(Protocol):
    """Tells open pages that something changed; what changed they fetch for themselves."""

    def tell(self, topic: str) -> None:
        """`alerts`, `alert:{id}`, `desk_watch`, `devices`, `announcements`, `announcement:{id}`; never blocks."""
        ...
