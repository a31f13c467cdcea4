"""The life of an alert: every state, every step between them, and what each step makes happen.

Everything that changes an alert is a function here: it takes the alert, what happened and `now_ms`, and gives a
Step: the alert as it is then, its journal entries, what the elder is told, who is asked and who is informed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from hub.domain.errors import Invalid, StepNotAllowed
from hub.domain.ladder import Ladder, Reaching, Unasked, climb, rung_at


class State(StrEnum):
    """Where an alert is; only `closed` ends it."""

    OPEN = "open"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    CLOSED = "closed"


class By(StrEnum):
    """What a person may do with an alert."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    ARRIVE = "arrive"
    CLOSE = "close"
    REOPEN = "reopen"
    TAKE_BACK = "take_back"
    NOTE = "note"


TRANSITIONS: Mapping[tuple[State, By], State] = {
    (State.OPEN, By.ACCEPT): State.ACCEPTED,
    (State.OPEN, By.DECLINE): State.OPEN,
    (State.OPEN, By.ARRIVE): State.ARRIVED,  # later than promised, or without having said so
    (State.OPEN, By.CLOSE): State.CLOSED,
    (State.OPEN, By.NOTE): State.OPEN,
    (State.ACCEPTED, By.ACCEPT): State.ACCEPTED,  # a second acceptor is back-up
    (State.ACCEPTED, By.DECLINE): State.ACCEPTED,
    (State.ACCEPTED, By.WITHDRAW): State.OPEN,
    (State.ACCEPTED, By.ARRIVE): State.ARRIVED,
    (State.ACCEPTED, By.CLOSE): State.CLOSED,
    (State.ACCEPTED, By.REOPEN): State.OPEN,
    (State.ACCEPTED, By.TAKE_BACK): State.OPEN,
    (State.ACCEPTED, By.NOTE): State.ACCEPTED,
    (State.ARRIVED, By.ACCEPT): State.ARRIVED,  # more hands for the one who is there
    (State.ARRIVED, By.CLOSE): State.CLOSED,
    (State.ARRIVED, By.REOPEN): State.OPEN,
    (State.ARRIVED, By.TAKE_BACK): State.ACCEPTED,
    (State.ARRIVED, By.NOTE): State.ARRIVED,
    (State.CLOSED, By.TAKE_BACK): State.OPEN,
    (State.CLOSED, By.NOTE): State.CLOSED,
}
"""All that people may do; whatever is not listed raises StepNotAllowed."""

MAX_ETA_MINUTES = 30
GRACE_MS = 180_000
"""An arrival may be this late before the alert opens again (ALERTS.md leaves the figure to us)."""
ARRIVED_ASK_MS = 30 * 60_000
"""So long after arrival, and again after each such time, the desk asks what became of it (ALERTS.md, 3)."""
REOPEN_PRESS_MS = 10 * 60_000
"""A press so long after an acceptance opens the alert again (ALERTS.md)."""
HURRY_PRESSES, HURRY_MS = 3, 60_000
"""So many presses within this time bring the next rung at once (ALERTS.md)."""
REMIND_MS = 15_000
"""The elder never waits longer than this in silence while nobody has accepted (ALERTS.md)."""
FAMILY_MS = 90_000
"""The family contact of a home is told who has accepted, or that nobody has after so long (ALERTS.md)."""
TAKE_BACK_MS = 20_000
"""So long what was pressed by mistake can be taken back: the page offers it for 10 s, and the way may take as long."""
TAKEN_BACK: Mapping[State, str] = {
    State.ACCEPTED: "acceptance_taken_back",
    State.ARRIVED: "arrival_taken_back",
    State.CLOSED: "closing_taken_back",
}
"""The journal's word for taking back the step that led to this state: that step stays in it, and counts for nothing."""
SAME_PROMISE_MS = 60_000
"""A promise is given in minutes: one that differs by less is the same one, sent again."""


class Kind(StrEnum):
    """What the alert is about. An unreadable press is still a press."""

    CALL = "call"
    SERVICE = "service"
    UNREADABLE = "unreadable"


class Seen(StrEnum):
    """How a closing was seen; only the door proves an arrival."""

    DOOR = "door"
    CONVERSATION = "conversation"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Alert:
    """One call for help. Exactly one deadline, `due_ms`, while it is not closed (invariant 3).

    `joins` names the button (or home) whose presses it gathers; `place` is where it lies. `rung` is the last one
    asked. `remind_ms` is when the elder is next told that we still search, and the family if it is time; None unless
    open. `going` are all who have said that they go, the acceptor first, and `needed` is how many have to. `family_ms`
    is when the family contact is told that nobody has accepted yet; None when there is no need. `is_aloud`: the
    building's loudspeaker has called for help, and has not said yet that it is enough.
    """

    id: str
    kind: Kind
    joins: str
    device: str
    button: str
    place: str
    home_id: str | None
    opened_ms: int
    state: State
    rung: int
    due_ms: int | None
    remind_ms: int | None
    pressed_ms: tuple[int, ...] = ()
    stage_seq: int = 0
    acceptor_id: str | None = None
    accepted_ms: int | None = None
    promised_ms: int | None = None
    arrived_ms: int | None = None
    closed_ms: int | None = None
    going: tuple[str, ...] = ()
    needed: int = 1
    family_ms: int | None = None
    is_aloud: bool = False
    is_exercise: bool = False
    version: int = 1

    @property
    def is_asking(self) -> bool:
        """Whether it still asks people to go; when it no longer does, no request begins (invariant 11)."""
        return asks(self.state, len(self.going), self.needed)


def asks(state: State, going: int, needed: int) -> bool:
    """Whether an alert in this state still asks people to go, of whom `going` do and `needed` have to."""
    return state is State.OPEN or (state is State.ACCEPTED and going < needed)


class Stage(StrEnum):
    """How far help has come, as the elder may be told (WIRE.md)."""

    RECORDED = "recorded"
    NOTIFYING = "notifying"
    ACCEPTED = "accepted"
    CHANGED = "changed"
    ARRIVED = "arrived"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Tell:
    """Something that the elder is to hear now; `person_id` and `minutes` fill the sentence where it has them."""

    stage: Stage
    stage_seq: int
    person_id: str | None = None
    minutes: int | None = None


class Audience(StrEnum):
    """Who is informed of a step that asks nothing new of them."""

    ASKED = "asked"  # everyone asked so far, but for those who go
    GOING = "going"  # those who go, but for the one it speaks of
    ACCEPTOR = "acceptor"
    DESK = "desk"
    FAMILY = "family"


class Purpose(StrEnum):
    """Why somebody is sent something; names a sentence in words.py."""

    ASK = "ask"
    THANKS = "thanks"
    PRESSED_AGAIN = "pressed_again"
    SAID_FINE = "said_fine"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DESK_ASKS = "desk_asks"
    STAND_IN = "stand_in"
    FAMILY_WAITS = "family_waits"
    FAMILY_ACCEPTED = "family_accepted"
    ENDED = "ended"
    ACCEPTED_FOR = "accepted_for"
    TAKEN_BACK = "taken_back"


class Aloud(StrEnum):
    """What the building's loudspeakers say of an alert: building and entrance, never a home or a name."""

    CALL = "call"  # 红哨子
    ENOUGH = "enough"  # 已有人到，请回


@dataclass(frozen=True, slots=True)
class Inform:
    """A message to an audience. `person_id` is the acceptor it speaks of, or speaks to."""

    audience: Audience
    purpose: Purpose
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal: what happened, by whom (a person id, `elder`, or `system`), with ids and numbers only."""

    what: str
    actor: str = "system"
    detail: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What one event makes of an alert. `asks` are the rungs to ask now, `aloud` what the loudspeakers are to say."""

    alert: Alert
    entries: tuple[Entry, ...] = ()
    tells: tuple[Tell, ...] = ()
    asks: tuple[int, ...] = ()
    informs: tuple[Inform, ...] = ()
    aloud: Aloud | None = None

    @property
    def is_change(self) -> bool:
        """False for a step done again by the same person, which succeeds and changes nothing."""
        return bool(self.entries or self.tells)


def allowed(state: State) -> list[str]:
    """The names of the steps that people may take in this state."""
    return [step.value for (at, step) in TRANSITIONS if at is state]


def _target(alert: Alert, step: By) -> State:
    target = TRANSITIONS.get((alert.state, step))
    if target is None:
        raise StepNotAllowed(step=step.value, state=alert.state.value, allowed=allowed(alert.state))
    return target


# --- what the elder does -------------------------------------------------------------------------------


def opened(alert: Alert, ladder: Ladder, reaching: Reaching, now_ms: int) -> Step:
    """The first press: tells the elder, and asks the first rung that has somebody on it."""
    family_ms = _family_ms(alert.kind, now_ms)
    remind_ms = _remind_ms(family_ms, now_ms)
    alert = replace(alert, state=State.OPEN, rung=-1, pressed_ms=(now_ms,), family_ms=family_ms, remind_ms=remind_ms)
    step = _climbed(alert, ladder, reaching, lambda _rung: True, now_ms)
    return replace(step, entries=(Entry("opened", "elder"), *step.entries), tells=(Tell(Stage.RECORDED, 0),))


def called_for_help(alert: Alert, ladder: Ladder, now_ms: int) -> Step:
    """A call for help joins a request for service, which makes it a call.

    Whoever was asked for the service is asked anew, for help now, and the next rung of `ladder` (a call's) at once.
    Who has accepted has promised another thing.
    """
    entry = Entry("pressed_again", "elder", {"kind": Kind.CALL.value})
    reopened = () if alert.state is State.OPEN else (Entry("reopened", "elder"),)
    tell_acceptor = Purpose.PRESSED_AGAIN if alert.acceptor_id else None
    return _asked_anew(replace(alert, kind=Kind.CALL), (entry, *reopened), tell_acceptor, ladder, now_ms)


def pressed_again(alert: Alert, now_ms: int) -> Step:
    """A further press of an alert that is not closed: always recorded and answered, never swallowed (invariant 8)."""
    entry = Entry("pressed_again", "elder")
    if alert.state is State.ARRIVED or (
        alert.state is State.ACCEPTED and now_ms - (alert.accepted_ms or 0) >= REOPEN_PRESS_MS
    ):
        return _reopened(alert, now_ms, (entry, Entry("reopened", "elder")), Purpose.PRESSED_AGAIN)
    recent = (*(at for at in alert.pressed_ms if now_ms - at < HURRY_MS), now_ms)[-HURRY_PRESSES:]
    alert = replace(alert, pressed_ms=recent)
    if alert.state is State.ACCEPTED:
        alert, tell = _tell(alert, Stage.ACCEPTED, alert.acceptor_id, _minutes_left(alert, now_ms))
        informs = (Inform(Audience.ACCEPTOR, Purpose.PRESSED_AGAIN, alert.acceptor_id),)
        return Step(alert, (entry,), (tell,), informs=informs)
    alert, tell = _tell(alert, Stage.NOTIFYING)
    entries: tuple[Entry, ...] = (entry,)
    if len(recent) == HURRY_PRESSES:
        alert = replace(alert, due_ms=now_ms, pressed_ms=())
        entries = (entry, Entry("hurried", "elder"))
    return Step(replace(alert, remind_ms=_remind_ms(alert.family_ms, now_ms)), entries, (tell,))


def said_fine(alert: Alert) -> Step:
    """Cancel: changes neither state nor ladder; whoever was asked is told to make sure. Only a person closes."""
    informs = (
        Inform(Audience.ASKED, Purpose.SAID_FINE),
        Inform(Audience.ACCEPTOR, Purpose.SAID_FINE, alert.acceptor_id),
    )
    return Step(alert, (Entry("said_fine", "elder"),), informs=informs)


def arrival_shown(alert: Alert, by: str, now_ms: int) -> Step:
    """The arrival rhythm on the button, made by `by` as far as is known: the acceptor, or whom awaited.py names.

    It undoes what its own first press has begun: those who were asked by that are thanked. Raises StepNotAllowed.
    """
    _target(alert, By.ARRIVE)
    detail = {"how": "button"} if by == alert.acceptor_id else {"how": "button", "person_id": by}
    return _arrived(alert, by, now_ms, Entry("arrived", "elder", detail))


# --- what people do ------------------------------------------------------------------------------------


def accept(alert: Alert, by: str, eta_minutes: int, now_ms: int, entered_by: str | None = None) -> Step:
    """Somebody goes. The first is the acceptor, everyone else who says so is back-up.

    The asking ends as soon as enough have accepted. The acceptor may promise another time, up to half an hour after
    the acceptance. Whoever was accepted for by another, `entered_by`, hears what was promised in their name.
    """
    step = _goes(alert, by, eta_minutes, now_ms)
    if entered_by in (None, by) or not step.is_change:
        return step
    first, *further = step.entries
    first = replace(first, detail={**first.detail, "entered_by": entered_by})
    return replace(
        step,
        entries=(first, *further),
        informs=(Inform(Audience.ACCEPTOR, Purpose.ACCEPTED_FOR, by), *step.informs),
    )


def _goes(alert: Alert, by: str, eta_minutes: int, now_ms: int) -> Step:
    if not 1 <= eta_minutes <= MAX_ETA_MINUTES:
        raise Invalid("eta_out_of_range", most=MAX_ETA_MINUTES)
    _target(alert, By.ACCEPT)
    if alert.state is State.OPEN:
        return _braked(alert, _accepted(alert, by, eta_minutes, now_ms))
    if alert.state is State.ACCEPTED and by == alert.acceptor_id:
        return _promised_anew(alert, eta_minutes, now_ms)
    if by in alert.going:
        return Step(alert)
    joined = replace(alert, going=(*alert.going, by))
    return _braked(alert, Step(joined, (Entry("backup", by, {"eta_minutes": eta_minutes}),)))


def decline(alert: Alert, by: str, *, is_last: bool, now_ms: int) -> Step:
    """去不了: somebody who was asked cannot go. `is_last`: too few of the rung are left; the next is asked at once."""
    _target(alert, By.DECLINE)
    entry = Entry("declined", by)
    if alert.is_asking and is_last:
        return Step(replace(alert, due_ms=now_ms), (entry,))
    return Step(alert, (entry,))


def withdraw(alert: Alert, by: str, now_ms: int) -> Step:
    """Somebody cannot go after all: the next rung is asked at once, unless it was a back-up that is not needed."""
    _target(alert, By.WITHDRAW)
    if by == alert.acceptor_id:
        return _reopened(alert, now_ms, (Entry("withdrawn", by),), None)
    if by not in alert.going:
        raise Invalid("not_the_acceptor")
    alert = replace(alert, going=tuple(one for one in alert.going if one != by))
    return Step(replace(alert, due_ms=now_ms) if alert.is_asking else alert, (Entry("withdrawn", by),))


def arrive(alert: Alert, by: str, now_ms: int) -> Step:
    """Somebody is at the door; whoever arrives first, not only the acceptor, and whatever became of the promise."""
    if alert.state is State.ARRIVED and by == alert.acceptor_id:
        return Step(alert)
    _target(alert, By.ARRIVE)
    return _arrived(alert, by, now_ms, Entry("arrived", by, {"how": "said"}))


def close(alert: Alert, by: str, outcome: str, seen: Seen, reason: str, now_ms: int) -> Step:
    """Ends the alert; needs a person, an outcome and how it was seen, an override its reason too (invariant 7)."""
    if not by:
        raise Invalid("close_needs_person")
    if not outcome.strip():
        raise Invalid("close_needs_outcome")
    if seen is Seen.OVERRIDE and not reason.strip():
        raise Invalid("override_needs_reason")
    _target(alert, By.CLOSE)
    closed = replace(alert, state=State.CLOSED, due_ms=None, remind_ms=None, closed_ms=now_ms, family_ms=None)
    closed, tell = _tell(closed, Stage.CLOSED)
    detail = {"outcome": outcome.strip(), "seen": seen.value, "reason": reason.strip()}
    informs = (Inform(Audience.GOING, Purpose.ENDED, by),)
    return _braked(alert, Step(closed, (Entry("closed", by, detail),), (tell,), informs=informs))


def reopen(alert: Alert, by: str, now_ms: int) -> Step:
    """The desk is not content with how it stands: the next rung is asked."""
    _target(alert, By.REOPEN)
    return _reopened(alert, now_ms, (Entry("reopened", by),), Purpose.WITHDRAWN)


def can_take_back(alert: Alert, made: State, whose: str, now_ms: int) -> bool:
    """Whether the alert still is what `whose` made it, so lately that it may be taken back.

    An arrival that ended the asking is not: people were sent home by it, and calling further ones mends that.
    """
    at_ms = {State.ACCEPTED: alert.accepted_ms, State.ARRIVED: alert.arrived_ms}.get(made, alert.closed_ms)
    is_whose = made is State.CLOSED or whose == alert.acceptor_id
    has_sent_home = made is State.ARRIVED and (alert.promised_ms is None or len(alert.going) < alert.needed)
    is_lately = at_ms is not None and now_ms - at_ms <= TAKE_BACK_MS
    return alert.state is made and is_whose and is_lately and not has_sent_home


def take_back(alert: Alert, by: str, made: State, whose: str, ladder: Ladder, now_ms: int) -> Step:
    """The desk pressed the wrong thing for `whose`, which made it `made`: as if it had not, for all who heard of it.

    Of an arrival nobody but the elder heard, who is told again who comes. After an acceptance or a closing all who were
    asked are asked again, and the next rung too: nobody is known to go; `whose` hears that the acceptance is gone.
    """
    target = _target(alert, By.TAKE_BACK)
    if not can_take_back(alert, made, whose, now_ms):
        raise Invalid("too_late_to_take_back")
    entry = Entry(TAKEN_BACK[made], by, {"person_id": whose})
    if target is State.OPEN:
        tell_acceptor = Purpose.TAKEN_BACK if made is State.ACCEPTED else None
        return _asked_anew(alert, (entry,), tell_acceptor, ladder, now_ms)
    comes = replace(alert, state=State.ACCEPTED, arrived_ms=None, due_ms=_expires_ms(alert))
    comes, tell = _tell(comes, Stage.ACCEPTED, alert.acceptor_id, _minutes_left(alert, now_ms))
    return Step(comes, (entry,), (tell,))


def note(alert: Alert, by: str, text: str) -> Step:
    """A remark for the journal, in every state."""
    _target(alert, By.NOTE)
    if not text.strip():
        raise Invalid("empty_note")
    return Step(alert, (Entry("note", by, {"text": text.strip()}),))


# --- what time does ------------------------------------------------------------------------------------


def deadline_passed(alert: Alert, ladder: Ladder, reaching: Reaching, unasked: Unasked, now_ms: int) -> Step:
    """The alert's one deadline has come: climbs, opens again, or lets the desk ask (invariants 3, 4, 6)."""
    match alert.state:
        case State.OPEN:
            return _climbed(alert, ladder, reaching, unasked, now_ms)
        case State.ACCEPTED if alert.is_asking and now_ms < _expires_ms(alert):
            return _climbed(alert, ladder, reaching, unasked, now_ms)
        case State.ACCEPTED:
            expired = Entry("acceptance_expired", detail={"person_id": alert.acceptor_id})
            step = _reopened(alert, now_ms, (expired,), Purpose.EXPIRED)
            climbed = _climbed(step.alert, ladder, reaching, unasked, now_ms)
            return replace(climbed, entries=step.entries + climbed.entries, tells=step.tells, informs=step.informs)
        case State.ARRIVED:
            alert = replace(alert, due_ms=now_ms + ARRIVED_ASK_MS)
            return Step(alert, (Entry("desk_asked"),), informs=(Inform(Audience.DESK, Purpose.DESK_ASKS),))
        case State.CLOSED:
            return Step(alert)


def rung_failed(alert: Alert, rung: int, ladder: Ladder, now_ms: int) -> Step:
    """Every notification of this rung has failed: the wait is not spent on nobody (invariant 5).

    The last rung keeps its wait: it repeats, and a repeat without a pause would only fail faster.
    """
    if not alert.is_asking or alert.rung != rung or rung >= len(ladder) - 1:
        return Step(alert)
    return Step(replace(alert, due_ms=now_ms), (_of_rung("rung_failed", ladder, rung),))


def desk_unwatched(alert: Alert) -> Step:
    """No duty desk with sound is open: whoever stands in for it is told. Changes neither state nor ladder."""
    return Step(alert, (Entry("desk_unwatched"),), informs=(Inform(Audience.DESK, Purpose.STAND_IN),))


def remind(alert: Alert, now_ms: int) -> Step:
    """The elder hears that we still search, and in good time the family; not a step of the ladder."""
    if alert.state is not State.OPEN:
        return Step(alert)
    is_family_due = alert.family_ms is not None and alert.family_ms <= now_ms
    alert = replace(alert, family_ms=None) if is_family_due else alert
    alert, tell = _tell(replace(alert, remind_ms=_remind_ms(alert.family_ms, now_ms)), Stage.NOTIFYING)
    if not is_family_due:
        return Step(alert, tells=(tell,))
    return Step(alert, (Entry("family_told"),), (tell,), informs=(Inform(Audience.FAMILY, Purpose.FAMILY_WAITS),))


def clock_stepped(alert: Alert, by_ms: int, ladder: Ladder, now_ms: int) -> Step:
    """The hub's clock was set by `by_ms` to `now_ms`: what counts keeps its distance from now (invariant 4).

    No deadline is left farther ahead than the alert's state can have set it: it may have been written after the
    clock was set and before that was noticed, or the clock was set while no hub ran (`by_ms` 0, at a start).
    """
    if alert.due_ms is None:
        return Step(alert)
    by_ms = min(by_ms, now_ms + _longest_wait_ms(alert, ladder) - alert.due_ms)
    if by_ms == 0:
        return Step(alert)
    shifted = replace(
        alert,
        due_ms=alert.due_ms + by_ms,
        remind_ms=None if alert.remind_ms is None else alert.remind_ms + by_ms,
        promised_ms=None if alert.promised_ms is None else alert.promised_ms + by_ms,
        accepted_ms=None if alert.accepted_ms is None else alert.accepted_ms + by_ms,
        family_ms=None if alert.family_ms is None else alert.family_ms + by_ms,
        pressed_ms=tuple(at + by_ms for at in alert.pressed_ms),
    )
    return Step(shifted, (Entry("clock_stepped", detail={"by_ms": by_ms}),))


def _longest_wait_ms(alert: Alert, ladder: Ladder) -> int:
    """How far ahead of the moment in which it was set the alert's deadline can lie."""
    if alert.is_asking:
        return rung_at(ladder, alert.rung).wait_ms
    if alert.state is State.ACCEPTED and alert.due_ms is not None and alert.accepted_ms is not None:
        return alert.due_ms - alert.accepted_ms
    return ARRIVED_ASK_MS


# --- shared by the steps above -------------------------------------------------------------------------


def _tell(alert: Alert, stage: Stage, person_id: str | None = None, minutes: int | None = None) -> tuple[Alert, Tell]:
    alert = replace(alert, stage_seq=alert.stage_seq + 1)
    return alert, Tell(stage, alert.stage_seq, person_id, minutes)


def _family_ms(kind: Kind, now_ms: int) -> int | None:
    """When the family is to be told that nobody has accepted what is open from now on."""
    return now_ms + FAMILY_MS if kind is Kind.CALL else None


def _remind_ms(family_ms: int | None, now_ms: int) -> int:
    """When the elder is told next; never later than the family, however often the elder presses and is answered."""
    return min(now_ms + REMIND_MS, family_ms or now_ms + REMIND_MS)


def _minutes_left(alert: Alert, now_ms: int) -> int:
    return max(1, -(-((alert.promised_ms or now_ms) - now_ms) // 60_000))


def _expires_ms(alert: Alert) -> int:
    """When an acceptance without arrival ends (invariant 6)."""
    return (alert.promised_ms or 0) + GRACE_MS


def _of_rung(what: str, ladder: Ladder, index: int) -> Entry:
    """Says whom the rung asks, and how many have to go where one is too few: the ladder may be another one later."""
    rung = ladder[index]
    needed = {"needed": rung.needed} if rung.needed > 1 else {}
    return Entry(what, detail={"rung": index, "who": "+".join(rung.who), **needed})


def _climbed(alert: Alert, ladder: Ladder, reaching: Reaching, unasked: Unasked, now_ms: int) -> Step:
    step = climb(ladder, alert.rung, reaching, unasked)
    asked = [ladder[index] for index in step.asked]
    due_ms = now_ms + asked[-1].wait_ms
    is_aloud = any(rung.is_aloud for rung in asked)
    climbed = replace(
        alert,
        rung=step.rung,
        needed=max(alert.needed, *(rung.needed for rung in asked)),
        due_ms=due_ms if alert.state is State.OPEN else min(due_ms, _expires_ms(alert)),
        is_aloud=alert.is_aloud or is_aloud,
    )
    entries = (
        *(_of_rung("rung_empty", ladder, index) for index in step.empty),
        *(_of_rung("asked", ladder, index) for index in step.asked),
    )
    return Step(climbed, entries, asks=step.asked, aloud=Aloud.CALL if is_aloud else None)


def _accepted(alert: Alert, by: str, eta_minutes: int, now_ms: int) -> Step:
    promised_ms = now_ms + eta_minutes * 60_000
    has_changed = alert.accepted_ms is not None
    accepted = replace(
        alert,
        state=State.ACCEPTED,
        acceptor_id=by,
        going=(by,),
        accepted_ms=now_ms,
        promised_ms=promised_ms,
        due_ms=min(alert.due_ms or promised_ms, promised_ms + GRACE_MS),
        remind_ms=None,
        family_ms=None,
    )
    accepted, tell = _tell(accepted, Stage.CHANGED if has_changed else Stage.ACCEPTED, by, eta_minutes)
    is_call = alert.kind is Kind.CALL
    informs = (Inform(Audience.FAMILY, Purpose.FAMILY_ACCEPTED, by),) if is_call else ()
    return Step(accepted, (Entry("accepted", by, {"eta_minutes": eta_minutes}),), (tell,), informs=informs)


def _promised_anew(alert: Alert, eta_minutes: int, now_ms: int) -> Step:
    """The elder hears the new time; the one deadline moves with it."""
    promised_ms = now_ms + eta_minutes * 60_000
    if abs(promised_ms - (alert.promised_ms or 0)) < SAME_PROMISE_MS:
        return Step(alert)
    if promised_ms > (alert.accepted_ms or 0) + MAX_ETA_MINUTES * 60_000:
        raise Invalid("promise_used_up", most=MAX_ETA_MINUTES)
    alert = replace(alert, promised_ms=promised_ms)
    expires_ms = _expires_ms(alert)
    alert = replace(alert, due_ms=min(alert.due_ms or expires_ms, expires_ms) if alert.is_asking else expires_ms)
    alert, tell = _tell(alert, Stage.ACCEPTED, alert.acceptor_id, eta_minutes)
    return Step(alert, (Entry("promised", alert.acceptor_id or "", {"eta_minutes": eta_minutes}),), (tell,))


def _braked(before: Alert, step: Step) -> Step:
    """The brake: a step that ends the asking lets everyone asked know, and the loudspeakers say so (invariant 11)."""
    alert = step.alert
    if not before.is_asking or alert.is_asking:
        return step
    if alert.state is State.ACCEPTED:
        alert = replace(alert, due_ms=_expires_ms(alert))
    purpose = Purpose.ENDED if alert.state is State.CLOSED else Purpose.THANKS
    informs = (*step.informs, Inform(Audience.ASKED, purpose, alert.acceptor_id))
    aloud = Aloud.ENOUGH if alert.is_aloud else None
    return replace(step, alert=replace(alert, is_aloud=False), informs=informs, aloud=aloud)


def _reopened(alert: Alert, now_ms: int, entries: tuple[Entry, ...], tell_acceptor: Purpose | None) -> Step:
    informs = () if tell_acceptor is None else (Inform(Audience.ACCEPTOR, tell_acceptor, alert.acceptor_id),)
    alert = replace(
        alert,
        state=State.OPEN,
        acceptor_id=None,
        going=(),
        needed=1,
        promised_ms=None,
        arrived_ms=None,
        closed_ms=None,
        due_ms=now_ms,
        remind_ms=now_ms + REMIND_MS,
        pressed_ms=(),
        family_ms=_family_ms(alert.kind, now_ms),
    )
    alert, tell = _tell(alert, Stage.NOTIFYING)
    return Step(alert, entries, (tell,), informs=informs)


def _asked_anew(
    alert: Alert, entries: tuple[Entry, ...], tell_acceptor: Purpose | None, ladder: Ladder, now_ms: int
) -> Step:
    """Open again, and whoever was asked, thanked or told that it has ended is asked as before."""
    rungs = tuple(range(min(alert.rung, len(ladder) - 1) + 1))
    asked = (_of_rung("asked", ladder, index) for index in rungs)
    step = _reopened(alert, now_ms, (*entries, *asked), tell_acceptor)
    needed = max((ladder[index].needed for index in rungs), default=1)
    return replace(step, alert=replace(step.alert, needed=needed), asks=rungs)


def _arrived(alert: Alert, by: str, now_ms: int, entry: Entry) -> Step:
    is_family_waiting = alert.state is State.OPEN and alert.kind is Kind.CALL
    informs = (Inform(Audience.FAMILY, Purpose.FAMILY_ACCEPTED, by),) if is_family_waiting else ()
    arrived = replace(
        alert,
        state=State.ARRIVED,
        acceptor_id=by,
        going=tuple(dict.fromkeys((by, *alert.going))),
        arrived_ms=now_ms,
        due_ms=now_ms + ARRIVED_ASK_MS,
        remind_ms=None,
        family_ms=None,
    )
    arrived, tell = _tell(arrived, Stage.ARRIVED, by)
    return _braked(alert, Step(arrived, (entry,), (tell,), informs=informs))
