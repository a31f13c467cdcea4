"""What became of asking people: for each of them their answer, and every message with its channel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hub.domain.alerts import Purpose
from hub.services.views import AlertDetail
from hub.services.views.alerts import NotificationView

ANSWERS = ("accepted", "declined", "")
"""In this order people are shown; those who have not answered come last."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message over one channel. `state` is due, retry, sent, failed or dropped; `at_ms` when sent or tried next.

    `tries` counts the one that comes next.
    """

    channel: str
    state: str
    at_ms: int | None
    tries: int
    why: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who was asked; an empty name stands for the duty webhook. `answer` is one of ANSWERS."""

    name: str
    answer: str
    messages: tuple[Message, ...]

    @property
    def is_reached(self) -> bool:
        """Whether some channel took it, or they have answered."""
        return bool(self.answer) or any(one.state == "sent" for one in self.messages)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list of all messages of an alert; an empty name stands for the duty webhook."""

    name: str
    purpose: str
    message: Message


def asked(alert: AlertDetail, declined: Collection[str]) -> tuple[Asked, ...]:
    """Everybody who was asked, those who answered first, then those whom nothing has reached yet.

    Of several messages over the same channel, the newest: the older ones are on the page of the alert.
    """
    messages: dict[str, dict[str, NotificationView]] = {}
    for one in alert.notifications:
        if one.purpose is Purpose.ASK:
            messages.setdefault(one.person.id if one.person else "", {})[one.channel.value] = one
    found = [
        Asked(
            name=next(iter(mine.values())).person.name if person else "",  # type: ignore[union-attr]  # a person's has one
            answer=_answer(person, alert, declined),
            messages=tuple(message(one) for one in mine.values()),
        )
        for person, mine in messages.items()
    ]
    return tuple(sorted(found, key=lambda one: (ANSWERS.index(one.answer), one.is_reached)))


def message(one: NotificationView) -> Message:
    """What became of one message."""
    is_retry = one.state == "due" and one.attempts > 0
    return Message(
        channel=one.channel.value,
        state="retry" if is_retry else one.state,
        at_ms=one.due_ms if is_retry else one.sent_ms,
        tries=one.attempts + (one.state == "due"),
        why="" if one.state == "sent" else one.error,
    )


def _answer(person: str, alert: AlertDetail, declined: Collection[str]) -> str:
    if alert.acceptor and person == alert.acceptor.id:
        return "accepted"
    return "declined" if person in declined else ""
