"""All else, e-mail included, through the Apprise library: for the long tail, apart from all that is quick."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import structlog

from hub.adapters.notify import apprise_worker
from hub.adapters.notify.apprise_worker import THREADS, Outcome
from hub.services.ports import ChannelFailed, Message, Notification

log = structlog.get_logger()

T = TypeVar("T")

PLACE = "{address}"
PATIENCE_S = 9.0
"""Below the dispatcher's own limit."""
HUNG_S = 30.0
"""Twice as long as the slowest service that Apprise knows waits for a server: the worker hangs and is ended."""


@dataclass(frozen=True, slots=True)
class _Worker:
    process: Process
    asked: dict[int, asyncio.Future[Outcome]] = field(default_factory=dict)


class AppriseProcess:
    """Runs hub/adapters/notify/apprise_worker.py, from the first message until `close` or the end of this process.

    In a thread of the hub it held up presses, Python's lock being one: see docs/decisions.md, 70.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(THREADS)
        self._numbers = itertools.count()
        self._starting = asyncio.Lock()
        self._worker: _Worker | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def tell(self, url: str, title: str, text: str) -> Outcome:
        """What became of it; NOT_SENT also where the worker ended meanwhile, or could not be started.

        One whose caller is cancelled while it waits for its turn is never sent; after that it takes its turn to the
        end, so that the worker never has more than its threads can do.
        """
        await self._free.acquire()
        return await asyncio.shield(self._keep(self._ask({"url": url, "title": title, "text": text})))

    async def close(self) -> None:
        """Ends the worker, whatever it is doing."""
        while self._tasks:
            self._end_worker()
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _ask(self, message: Mapping[str, str]) -> Outcome:
        try:
            async with asyncio.timeout(HUNG_S):
                return await self._answer(message)
        except TimeoutError:
            log.error("apprise_hangs")
            self._end_worker()
        except OSError as error:
            log.error("apprise_not_running", reason=type(error).__name__)
        finally:
            self._free.release()
        return Outcome.NOT_SENT

    async def _answer(self, message: Mapping[str, str]) -> Outcome:
        worker = await self._running_worker()
        number = next(self._numbers)
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        worker.asked[number] = answer
        assert worker.process.stdin is not None
        worker.process.stdin.write(json.dumps({"id": number, "patience_s": PATIENCE_S, **message}).encode() + b"\n")
        await worker.process.stdin.drain()
        return await answer

    async def _running_worker(self) -> _Worker:
        async with self._starting:
            if self._worker is None:
                command = (sys.executable, "-m", apprise_worker.__name__)
                self._worker = _Worker(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE))
                self._keep(self._read(self._worker))
            return self._worker

    async def _read(self, worker: _Worker) -> None:
        """Its answers until it ends."""
        assert worker.process.stdout is not None
        async for line in worker.process.stdout:
            answered = json.loads(line)
            _set(worker.asked.pop(answered["id"]), Outcome(answered["outcome"]))
        if self._worker is worker:
            self._worker = None
        for answer in worker.asked.values():
            _set(answer, Outcome.NOT_SENT)
        await worker.process.wait()

    def _end_worker(self) -> None:
        worker, self._worker = self._worker, None  # the next message finds no dying one
        if worker is not None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself just now
                worker.process.kill()

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _set(answer: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not answer.done():  # whoever waited for it has given up
        answer.set_result(outcome)


class AppriseUrls:
    """`services` are Apprise's URLs by name, with {address} where a contact's goes; a contact is NAME:ADDRESS.

    Only what Apprise itself counts as sent is; for services that answer errors with status 200 that is not sure,
    which is why the important ones have adapters of their own.
    """

    def __init__(self, services: Mapping[str, str], process: AppriseProcess) -> None:
        self._services = services
        self._process = process

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns when Apprise says that it was sent; raises ChannelFailed otherwise."""
        name, _, address = notification.address.partition(":")
        template = self._services.get(name)
        if template is None or not address:
            raise ChannelFailed("no service of this name", is_final=True)
        url = template.replace(PLACE, quote(address, safe="@"))
        match await self._process.tell(url, message.title, message.text):
            case Outcome.UNREADABLE:
                raise ChannelFailed("address cannot be read", is_final=True)
            case Outcome.NOT_SENT:
                raise ChannelFailed("not sent")
