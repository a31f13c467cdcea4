"""现场喊话: says how far a voice will reach before it is asked for, then takes it frame by frame."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import HTMLResponse

from hub.console import mistakes
from hub.console.broadcast import URGENCIES, reach_of
from hub.console.console import Acting, Console, Here
from hub.console.labels import label
from hub.console.visitor import MAY_ACT, Taste, taste
from hub.domain.errors import DongdongError, NotPermitted
from hub.domain.live import Ending, priority
from hub.services.live import Speaker
from hub.services.news import EVERYTHING
from hub.services.ports import Grant
from hub.services.served import SESSION_COOKIE, is_own_page
from hub.services.views import announcement_view

log = structlog.get_logger()

LOOK_S = 0.2

router = APIRouter()


class Wish(BaseModel):
    """Who is to hear the speaker, and how urgent it is."""

    places: Annotated[list[str], Field(max_length=2_000)]
    urgency: str


@router.post("/broadcast/microphone/check")
async def check(
    console: Here,
    visitor: Acting,
    urgency: Annotated[str, Form()] = URGENCIES[0],
    places: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:
    """Says who would hear the speaker, to be confirmed. Raises Invalid."""
    rank, wanted = priority(urgency), tuple(dict.fromkeys(places or []))
    quiet, now_ms = console.services.quiet, console.services.clock.now_ms()
    reach = await console.services.database.read(lambda tx: reach_of(tx, quiet, wanted, rank, now_ms))
    context = {**reach, "urgency": urgency, "places": wanted}
    return console.pages.html("dialogs/microphone.html", visitor.taste.language, context)


@router.websocket("/broadcast/microphone")
async def speak(socket: WebSocket) -> None:
    """First a Wish, then `talk` and `pause` as text with frames of Opus between them, then `end`.

    Answers with the state: `armed` and `speaking` with counts of loudspeakers, `refused` and `ended` with a sentence.
    """
    console: Console = socket.app.state.console
    try:
        grant = await _allowed(console, socket)
    except DongdongError:
        await socket.close()  # before it was accepted: 403
        return
    await socket.accept()
    with suppress(WebSocketDisconnect):
        await _Conversation(console, socket, grant, taste(socket)).hold()


async def _allowed(console: Console, socket: WebSocket) -> Grant:
    """What the session allows. Raises NotSignedIn, NotPermitted; also for a page that is not ours."""
    headers = socket.headers
    grant = await console.services.access.authenticate(socket.cookies.get(SESSION_COOKIE, ""))
    is_own = is_own_page(headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host"))
    if grant.role not in MAY_ACT or grant.person_id is None or not is_own:
        raise NotPermitted(role=grant.role.value)
    return grant


class _Conversation:
    """One open page whose microphone is on, from the wish to the end."""

    def __init__(self, console: Console, socket: WebSocket, grant: Grant, liked: Taste) -> None:
        self._console = console
        self._services = console.services
        self._socket = socket
        self._grant = grant
        self._language = liked.language

    async def hold(self) -> None:
        """Returns when it is over; raises WebSocketDisconnect when the page has gone before it began."""
        try:
            wish = Wish.model_validate_json(await self._socket.receive_text())
            speaker = await self._services.microphones.arm(
                places=wish.places, urgency=wish.urgency, by=self._grant.person_id or self._grant.name
            )
        except ValidationError:
            await self._socket.close(1003)
            return
        except DongdongError as error:
            await self._say({"state": "refused", "say": mistakes.sentence(error, self._language)})
            return
        listening = asyncio.create_task(self._listen(speaker))
        try:
            await self._watch(speaker)
        finally:
            listening.cancel()
            speaker.end(Ending.GONE)
            await asyncio.shield(self._services.microphones.finish(speaker))
        await self._bid_farewell(speaker)

    async def _listen(self, speaker: Speaker) -> None:
        """Takes what the page sends."""
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    speaker.end(Ending.GONE)
                    return
                await self._take(speaker, message)
        except Exception:
            log.exception("live_speech_failed", announcement=speaker.announcement.id)
            speaker.end(Ending.GONE)

    async def _take(self, speaker: Speaker, message: Any) -> None:  # as Starlette types it
        if (opus := message.get("bytes")) is not None:
            await speaker.frame(opus)
        elif message.get("text") == "pause":
            await speaker.pause()
        elif message.get("text") == "end":
            await speaker.pause()
            speaker.end(Ending.DONE)

    async def _watch(self, speaker: Speaker) -> None:
        """Until it is over: tells the page how many loudspeakers are with it, and notices a stop at once."""
        about = (f"announcement:{speaker.announcement.id}", EVERYTHING)
        with self._services.news.subscribe() as topics:
            await self._tell_counts(speaker)
            had_begun = False
            while not speaker.over.done():
                topic = None
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        topic = await anext(topics)
                speaker.look()
                if topic in about and await self._services.microphones.stopped(speaker):
                    speaker.end(Ending.STOPPED)
                if topic in about or speaker.has_begun != had_begun:
                    had_begun = speaker.has_begun
                    await self._tell_counts(speaker)

    async def _tell_counts(self, speaker: Speaker) -> None:
        view = await self._services.database.read(
            lambda tx: announcement_view(tx, speaker.announcement.id, self._services.clock.now_ms())
        )
        states = [one.state for one in view.buildings if one.device is not None]
        counts = {"ready": states.count("ready"), "playing": states.count("playing"), "all": len(states)}
        await self._say({"state": "speaking" if speaker.has_begun else "armed", **counts})

    async def _bid_farewell(self, speaker: Speaker) -> None:
        ending = speaker.over.result().value
        sentence = self._console.pages.sentence(self._language, label("live_end", ending))
        await self._say({"state": "ended", "why": ending, "say": sentence, "id": speaker.announcement.id})

    async def _say(self, what: dict[str, object]) -> None:
        with suppress(RuntimeError, ConnectionError, WebSocketDisconnect):  # the page has gone: nobody is to be told
            await self._socket.send_json(what)
