"""What became of the messages of an alert, and what follows from it for the rung that is being asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.domain.alerts import Alert, Purpose

HOPELESS_AFTER = 2
"""A request that failed so often counts as failed for the wait of its rung; it is still tried again."""


class Sending(Protocol):
    """What became of one message over one channel, to a person or (None) to the duty webhook.

    `state` is due, sent, failed or dropped.
    """

    @property
    def person_id(self) -> str | None: ...
    @property
    def purpose(self) -> Purpose: ...
    @property
    def rung(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def attempts(self) -> int: ...


def may_begin(one: Sending, alert: Alert | None) -> bool:
    """Whether a message may be sent, by what is known of its alert (None: nothing): none asks without need (11)."""
    return one.purpose is not Purpose.ASK or alert is None or alert.is_asking


def may_have_failed(alert: Alert, news: Sequence[Sending]) -> bool:
    """Whether news of some requests is reason to look at all of the present rung: one failed, none reached a person."""
    has_arrived = any(one.state == "sent" and one.rung == alert.rung and one.person_id for one in news)
    return not has_arrived and any(one.state != "sent" for one in news)


def has_rung_failed(alert: Alert, sendings: Sequence[Sending]) -> bool:
    """Whether every request of the present rung has failed, of all that the alert has ever sent (invariant 5).

    A program that was told is nobody who goes: it counts only where no person was asked.
    """
    asks = [one for one in sendings if one.purpose is Purpose.ASK and one.rung == alert.rung and one.state != "dropped"]
    return all(is_hopeless(one) for one in [each for each in asks if each.person_id] or asks)


def is_hopeless(one: Sending) -> bool:
    """Whether a message counts as failed, also while it is still tried again."""
    return one.state == "failed" or (one.state == "due" and one.attempts >= HOPELESS_AFTER)
