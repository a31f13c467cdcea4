"""The process that speaks through Apprise: some 250 services' code, and 2 ms of work a message, apart from presses.

A line of JSON `{"id", "url", "title", "text", "patience_s"}` asks, a line `{"id", "outcome"}` answers, in whatever
order they end; outcomes are those of Outcome. The end of the input ends the process, whatever it is doing.
"""

from __future__ import annotations

import enum
import json
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

THREADS = 4
"""A mail server's silence keeps one of them for up to 15 s."""
NICE = 5
"""Behind all that must not wait, where the machine is busy."""


class Outcome(enum.StrEnum):
    """What became of a message."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNREADABLE = "unreadable"
    """Apprise cannot read the URL, and never will."""


def told(url: str, title: str, text: str, patience_s: float) -> Outcome:
    """Blocks, for about `patience_s` at most where the service keeps to it."""
    import apprise

    teller = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
    if not teller.add(url):
        return Outcome.UNREADABLE
    return Outcome.SENT if teller.notify(text, title=title, timeout=patience_s) else Outcome.NOT_SENT


def main() -> None:
    """Answers what is asked until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the hub says when this ends
    logging.disable()  # Apprise logs addresses
    os.nice(NICE)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what a service's code prints is no answer
    pool = ThreadPoolExecutor(THREADS)
    for line in sys.stdin.buffer:
        pool.submit(_answer, answers, line)
    os._exit(0)


def _answer(answers: BinaryIO, line: bytes) -> None:
    asked = json.loads(line)
    number = asked.pop("id")
    try:
        outcome = told(**asked)
    except Exception:  # noqa: BLE001  # the code of 250 services; what it raises names addresses
        outcome = Outcome.NOT_SENT
    answers.write(json.dumps({"id": number, "outcome": outcome}).encode() + b"\n")  # one write: no two mix


if __name__ == "__main__":
    main()
