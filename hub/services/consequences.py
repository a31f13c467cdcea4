"""What follows a commit: people are notified, the elder is told, open pages hear that something changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.domain.alerts import Alert
from hub.services.ports import News
from hub.services.recording import Committed, Outgoing
from hub.services.sentences import Spoken


class Dispatching(Protocol):
    """Sends notifications."""

    def observe(self, alerts: Sequence[Alert]) -> None:
        """Takes note which alerts still ask for somebody."""
        ...

    def submit(self, outgoing: Sequence[Outgoing]) -> None:
        """Queues them; never blocks."""
        ...


class TellingElders(Protocol):
    """Tells elders."""

    def submit(self, tellings: Sequence[Spoken]) -> None:
        """Queues them; never blocks."""
        ...


class Consequences:
    """Acts on what a transaction made true. Whatever is lost here by a crash is found again as an unsent row."""

    def __init__(self, dispatcher: Dispatching, teller: TellingElders, news: News) -> None:
        self._dispatcher = dispatcher
        self._teller = teller
        self._news = news

    def follow(self, committed: Committed) -> None:
        """Never blocks. First what stops the asking, then who is asked (invariant 11)."""
        self._dispatcher.observe(committed.alerts)
        self._dispatcher.submit(committed.outgoing)
        self._teller.submit(committed.tellings)
        if committed.alerts:
            self._news.tell("alerts")
        for alert in committed.alerts:
            self._news.tell(f"alert:{alert.id}")
