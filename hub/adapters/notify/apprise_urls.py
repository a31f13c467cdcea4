"""All else, e-mail included, through the Apprise library: for the long tail, apart from all that is quick."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import defaultdict
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import structlog

from hub.adapters.notify import apprise_worker
from hub.adapters.notify.apprise_worker import Outcome
from hub.services.ports import ChannelFailed, Message, Notification

log = structlog.get_logger()

T = TypeVar("T")

PLACE = "{address}"
AT_ONCE = 4
"""Messages under way in one service. What hangs there holds up only what goes there."""
HUNG_S = 60.0
"""Services' code waits 4-15 s for each answer of a server. What takes so long has no limit: the worker is ended."""
AGAIN_S = 1.0
"""So long after a worker that ended by itself none is begun."""
END_S = 5.0


@dataclass(frozen=True, slots=True)
class _Worker:
    process: Process
    asked: dict[int, asyncio.Future[Outcome]] = field(default_factory=dict)


class AppriseProcess:
    """Runs hub/adapters/notify/apprise_worker.py, from the first message until `close` or the end of this process.

    In a thread of the hub it held up presses, Python's lock being one: see docs/decisions.md, 70.
    """

    def __init__(self) -> None:
        self._free: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._numbers = itertools.count()
        self._starting = asyncio.Lock()
        self._worker: _Worker | None = None
        self._ended_s = -AGAIN_S
        self._tasks: set[asyncio.Task[Any]] = set()

    async def tell(self, service: str, url: str, title: str, text: str) -> Outcome:
        """What became of it; NOT_SENT also where that is not known, since the worker ended or could not be started.

        One whose caller is cancelled while it waits for its turn in the service is never sent; after that it takes its
        turn to the end.
        """
        free = self._free[service]
        await free.acquire()
        return await asyncio.shield(self._keep(self._ask(free, {"url": url, "title": title, "text": text})))

    async def close(self) -> None:
        """Ends the worker, whatever it is doing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                while self._tasks:
                    if self._worker:
                        self._end(self._worker)
                    await asyncio.wait(self._tasks, timeout=0.1)  # one may have been about to begin

    async def _ask(self, free: asyncio.Semaphore, message: Mapping[str, str]) -> Outcome:
        try:
            return await self._answer(await self._running_worker(), message)
        except (OSError, RuntimeError) as error:  # uvloop's for a pipe that is closed
            log.error("apprise_not_running", reason=type(error).__name__)
            return Outcome.NOT_SENT
        finally:
            free.release()

    async def _answer(self, worker: _Worker, message: Mapping[str, str]) -> Outcome:
        number = next(self._numbers)
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        worker.asked[number] = answer
        assert worker.process.stdin is not None
        worker.process.stdin.write(json.dumps({"id": number, **message}).encode() + b"\n")
        try:
            async with asyncio.timeout(HUNG_S):
                await worker.process.stdin.drain()
                return await answer
        except TimeoutError:
            log.error("apprise_hangs")
            self._end(worker)
            return Outcome.NOT_SENT

    async def _running_worker(self) -> _Worker:
        async with self._starting:
            if self._worker is None:
                await asyncio.sleep(self._ended_s + AGAIN_S - asyncio.get_running_loop().time())
                command = (sys.executable, "-m", apprise_worker.__name__)
                self._worker = _Worker(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE))
                self._keep(self._read(self._worker))
            return self._worker

    async def _read(self, worker: _Worker) -> None:
        """Its answers until it ends; then nobody waits for it any more."""
        assert worker.process.stdout is not None
        try:
            async for line in worker.process.stdout:
                _take(worker, line)
        except Exception as error:  # noqa: BLE001  # an answer that cannot be read, as good as its end
            log.error("apprise_not_understood", reason=type(error).__name__)
        if is_by_itself := self._worker is worker:
            self._ended_s = asyncio.get_running_loop().time()
        self._end(worker)
        for answer in worker.asked.values():
            _set(answer, Outcome.NOT_SENT)
        status = await worker.process.wait()
        if is_by_itself:
            log.error("apprise_ended", status=status)

    def _end(self, worker: _Worker) -> None:
        """The next message finds no dying one."""
        if self._worker is worker:
            self._worker = None
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself just now
            worker.process.kill()

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _take(worker: _Worker, line: bytes) -> None:
    answered = json.loads(line)
    if answered["error"]:
        log.error("apprise_broke", error=answered["error"])
    _set(worker.asked.pop(answered["id"]), Outcome(answered["outcome"]))


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
        match await self._process.tell(name, url, message.title, message.text):
            case Outcome.UNREADABLE:
                raise ChannelFailed("address cannot be read", is_final=True)
            case Outcome.NOT_SENT:
                raise ChannelFailed("not sent")
