"""The process that speaks through Apprise: some 250 services' code, and 2 ms of work a message, apart from presses.

A line of JSON `{"id", "url", "title", "text"}` asks, a line `{"id", "outcome", "error"}` answers, in whatever order
they end: what became of it, an Outcome, and the type of what was raised, or nothing. The end of the input ends the
process, whatever it is doing. Who asks bounds how many messages are under way: each has a thread.
"""

from __future__ import annotations

import enum
import json
import os
import signal
from threading import Thread
from typing import BinaryIO

NICE = 5
"""Where the machine is busy, others get three times as much of it."""


class Outcome(enum.StrEnum):
    """What became of a message."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNREADABLE = "unreadable"
    """Apprise cannot read the URL, and never will."""


def told(url: str, title: str, text: str) -> Outcome:
    """Blocks as long as the service does, in this thread: Apprise's own time limit leaves a thread behind, of few."""
    import apprise

    teller = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False, async_mode=False))
    if not teller.add(url):
        return Outcome.UNREADABLE
    return Outcome.SENT if teller.notify(text, title=title) else Outcome.NOT_SENT


def main() -> None:
    """Answers what is asked until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the hub says when this ends
    os.nice(NICE)
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what services' code prints or logs is no answer, and names people
        os.dup2(nowhere, standard)
    for line in asked:
        Thread(target=_answer, args=(answers, line), daemon=True).start()
    os._exit(0)


def _answer(answers: BinaryIO, line: bytes) -> None:
    asked = json.loads(line)
    number = asked.pop("id")
    outcome, error = Outcome.NOT_SENT, ""
    try:
        outcome = told(**asked)
    except BaseException as raised:  # noqa: BLE001  # the code of 250 services; what it says of itself names addresses
        error = type(raised).__name__
    # One write: no two mix.
    answers.write(json.dumps({"id": number, "outcome": outcome, "error": error}).encode() + b"\n")


if __name__ == "__main__":
    main()
