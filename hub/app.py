"""The composition root: builds, starts and ends every part of the hub, in one place."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import structlog

from hub.adapters import own_tls
from hub.adapters.audio.maker import SoundMaker
from hub.adapters.audio.recordings import Recordings
from hub.adapters.broker import Certificates, OwnBroker
from hub.adapters.clock import SystemClock
from hub.adapters.data_folder import DATABASE
from hub.adapters.database.database import SqliteDatabase
from hub.adapters.mqtt import Address, Handlers, HubLink, PressIntake, ReportIntake
from hub.adapters.notify.answers import new_session
from hub.adapters.notify.apprise_urls import AppriseProcess
from hub.adapters.notify.page import OpenPage
from hub.adapters.notify.webhook import Webhook
from hub.adapters.signing_key import signing_key
from hub.channels import KEYS, build_channels, build_phones
from hub.domain.errors import DongdongError
from hub.domain.ladder import DEFAULT
from hub.domain.people import ChannelName
from hub.services.access import Access
from hub.services.announce import Announcements
from hub.services.answer_alert import AlertDesk
from hub.services.climb import DueLoop
from hub.services.consequences import Consequences
from hub.services.desk_watch import DeskWatch
from hub.services.device_settings import DeviceSettings
from hub.services.first_community import ensure_community
from hub.services.holding import Windows
from hub.services.ladders import Ladders
from hub.services.live import Microphones
from hub.services.newcomers import Newcomers
from hub.services.news import NewsFeed
from hub.services.notify import Dispatcher
from hub.services.ports import PublishFailed
from hub.services.quiet_hours import QuietTimes
from hub.services.reaching import Reaching
from hub.services.recording import Policy
from hub.services.red_whistle import RedWhistle
from hub.services.rota import Rotas
from hub.services.served import Services
from hub.services.take_presses import TakePresses
from hub.services.tell import Teller
from hub.services.track_devices import Devices
from hub.services.unrecorded import Unrecorded
from hub.setting_values import Endpoint
from hub.settings import Settings
from wire.messages import Status

if TYPE_CHECKING:
    from hub.web_server import WebServer

log = structlog.get_logger()

LOOP_STUCK_MS = 5_000
"""A due loop that has not turned for so long no longer works, whatever the process looks like."""
PEOPLE_FIRST_S = 3.0
"""So long at most voice and pages wait for the due loop's first turn: behind a disk that hangs they are needed too."""


class AddressNotFree(DongdongError):
    """The pages cannot be served there. Params: `address`, `reason`."""

    key = "address_not_free"


class Hub:
    """One hub process. `run` returns after `stop`, or raises what made it end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._stop = asyncio.Event()
        self._news = NewsFeed()
        self._database = SqliteDatabase(settings.data / DATABASE)
        self._sounds = SoundMaker()
        self._apprise = AppriseProcess()
        self._certificate, self._key = _certificate(settings)
        self._broker = (
            None if settings.broker else OwnBroker(settings.data / "broker", settings.mqtt, self._broker_tls())
        )
        self.is_serving = asyncio.Event()

    @property
    def url(self) -> str:
        """Where browsers on this machine find the pages."""
        return f"{'https' if self._settings.is_https else 'http'}://{self._settings.http}"

    def stop(self) -> None:
        """Asks the hub to end in good order."""
        self._stop.set()

    async def run(self) -> None:
        """Starts everything, serves until `stop`, ends everything. Raises AddressNotFree, SchemaTooNew, BrokerError.

        The broker comes last: one that an earlier hub has left is not ended by a hub that cannot begin.
        """
        self._settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        async with contextlib.AsyncExitStack() as stack:
            listening = stack.enter_context(_listening(self._settings.http))
            await self._database.start()
            stack.push_async_callback(self._database.close)
            language = (await ensure_community(self._database, self._settings.language)).language
            stack.push_async_callback(self._sounds.close)
            stack.push_async_callback(self._apprise.close)
            session = await stack.enter_async_context(new_session())
            emergency = await stack.enter_async_context(aiohttp.ClientSession())
            if self._broker:
                await self._broker.start()
                stack.push_async_callback(self._broker.stop)
            await self._serve(listening, session, emergency, language)

    async def _serve(
        self,
        listening: socket.socket,
        session: aiohttp.ClientSession,
        emergency: aiohttp.ClientSession,
        language: str,
    ) -> None:
        """`emergency` is for presses that could not be stored: it waits for no connection of a gateway that hangs."""
        settings, database, clock, news = self._settings, self._database, self._clock, self._news
        channels = build_channels(settings, session, clock, database, news.has_open_page, self._apprise)
        policy = Policy(DEFAULT, settings.duty_webhook or "", news.has_open_page, frozenset(channels))
        key = signing_key(settings.data / KEYS)
        link = HubLink(self._address, "hub-link", key, clock.now_ms)
        dispatcher = Dispatcher(database, channels, clock, policy, news)
        teller = Teller(database, link, self._sounds, clock, dispatcher.is_behind)
        consequences = Consequences(dispatcher, teller, news)
        desk_watch = DeskWatch(database, consequences, clock, policy, news)
        due_loop = DueLoop(database, consequences, clock, policy)
        unrecorded = Unrecorded(Webhook(emergency), policy.webhook, language, clock, news)
        presses = TakePresses(database, consequences, link, clock, policy, unrecorded, dispatcher.is_behind)
        intake = PressIntake(self._address, "hub-presses", presses.take, clock.now_ms)
        report_intake = ReportIntake(self._address, "hub-reports", key, clock)
        announcements = Announcements(database, link, self._sounds, clock, news)
        microphones = Microphones(database, announcements, link, Recordings(settings.data / "live"), clock)
        red_whistle = RedWhistle(database, announcements, clock)
        windows = Windows(database, announcements.let_go, clock)
        device_settings = DeviceSettings(
            database,
            link,
            clock,
            dispatcher.is_behind,
            self_test_minute=settings.self_test,
            quiet_hours=settings.quiet_hours,
            noise_budget_min=settings.noise_budget_minutes,
        )
        devices = Devices(database, link, clock, news, device_settings)
        probes = {ChannelName.PAGE: OpenPage(news.has_open_page)}
        alerts = AlertDesk(database, consequences, clock, policy)
        reaching = Reaching(database, clock, news, alerts, channels.keys(), probes)

        newcomers = Newcomers(device_settings, announcements)
        reports = _Reports(devices, device_settings, newcomers, announcements, teller)
        ready = partial(_reasons, clock, unrecorded, due_loop, intake, report_intake, link)
        services = Services(
            database=database,
            clock=clock,
            access=Access(database, clock),
            alerts=alerts,
            announcements=announcements,
            microphones=microphones,
            ladders=Ladders(database, clock, policy),
            devices=devices,
            desk_watch=desk_watch,
            rotas=Rotas(database, clock, news),
            reaching=reaching,
            quiet=QuietTimes(database, device_settings, clock),
            news=news,
            ready=ready,
            base_url=self.url,
            phones=build_phones(settings, channels, database, clock),
        )
        handlers = Handlers(reports.statuses, announcements.received, devices.health, devices.replied)
        loops = (dispatcher.run(), due_loop.run(), desk_watch.run(), unrecorded.run(), reaching.run())
        works = (
            *loops,
            newcomers.run(),
            device_settings.run(),
            presses.run(),
            intake.run(),
            red_whistle.run(),
            windows.run(),
            microphones.recover(),
        )
        links = (link.run(reports.connected), report_intake.run(handlers))
        await self._run_together([*works, *links], due_loop.has_turned, teller.run, services, listening)

    async def _run_together(
        self,
        works: Sequence[Coroutine[None, None, None]],
        has_turned: asyncio.Event,
        telling: Callable[[], Coroutine[None, None, None]],
        services: Services,
        listening: socket.socket,
    ) -> None:
        """All of it until `stop`; the end of one by an error is the end of all, and is raised.

        First comes what tells people of presses, also of those that an earlier hub left behind: until `has_turned`.
        Then the voice is loaded, and elders are told; then the pages, which take longer than all the rest.
        """
        with contextlib.suppress(_Stopped):
            async with _unwrapped(asyncio.TaskGroup()) as tasks:
                if self._broker:
                    tasks.create_task(self._broker.watch(), name="broker")
                for work in works:
                    tasks.create_task(work)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PEOPLE_FIRST_S):
                        await has_turned.wait()
                await self._sounds.start()
                tasks.create_task(telling())
                server = await asyncio.to_thread(self._load_web_server, services)
                web = tasks.create_task(server.serve(listening), name="web")
                log.info("hub_serving", http=str(self._settings.http))
                self.is_serving.set()
                await self._stop.wait()
                server.end()
                await web
                raise _Stopped

    def _address(self) -> Address:
        """Where the broker is; read at each connection, since our own broker's password may be new."""
        outside = self._settings.broker
        if outside:
            return Address(outside.host, outside.port, outside.user, outside.password, outside.is_tls)
        assert self._broker is not None
        user, password = self._broker.hub_login
        return Address(self._settings.mqtt.host, self._broker.port, user, password)

    def _load_web_server(self, services: Services) -> WebServer:
        from hub.web_server import WebServer  # here, so that it is loaded now

        return WebServer(services, self._certificate, self._key)

    def _broker_tls(self) -> Certificates | None:
        listen = self._settings.mqtt_tls
        if listen is None or self._certificate is None or self._key is None:
            return None
        return Certificates(listen, self._certificate, self._key)


class _Reports:
    """Passes on what devices report. What goes wrong with one of them is logged, and ends nothing else."""

    def __init__(
        self,
        devices: Devices,
        settings: DeviceSettings,
        newcomers: Newcomers,
        announcements: Announcements,
        teller: Teller,
    ) -> None:
        self._devices = devices
        self._settings = settings
        self._newcomers = newcomers
        self._announcements = announcements
        self._teller = teller
        self._tasks: set[asyncio.Task[None]] = set()

    async def statuses(self, batch: Sequence[tuple[str, Status, bool]]) -> None:
        """Devices that have come online get their settings, and what they still have to play."""
        self._newcomers.add(await self._devices.statuses(batch))

    async def connected(self) -> None:
        """The broker is reached, perhaps anew: what it may not have is published again."""
        self._begin("resume_telling", self._teller.resume())
        self._begin("republish", self._announcements.republish())
        self._settings.look()

    def _begin(self, what: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._logged(what, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, what: str, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except PublishFailed as error:
            log.warning("not_published", what=what, reason=str(error))  # the next connection brings it again
        except Exception:
            log.exception("report_not_followed", what=what)


class _Stopped(Exception):
    """Ends the task group of a hub that was asked to stop."""


@contextlib.asynccontextmanager
async def _unwrapped(group: asyncio.TaskGroup) -> AsyncIterator[asyncio.TaskGroup]:
    """A task group that raises its first error itself instead of a group of one."""
    try:
        async with group:
            yield group
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors


def _reasons(
    clock: SystemClock,
    unrecorded: Unrecorded,
    due_loop: DueLoop,
    presses: PressIntake,
    reports: ReportIntake,
    link: HubLink,
) -> list[str]:
    """What keeps the hub from doing its work now; nothing when all works."""
    is_stuck = clock.monotonic_ms() - (due_loop.turned_ms or -LOOP_STUCK_MS) > LOOP_STUCK_MS
    reasons = {
        "unrecorded_presses": unrecorded.count > 0,
        "due_loop_stuck": is_stuck,
        "steps_failing": due_loop.is_failing,
        "presses_not_connected": not presses.is_connected,
        "reports_not_connected": not reports.is_connected,
        "link_not_connected": not link.is_connected,
    }
    return [reason for reason, is_so in reasons.items() if is_so]


def _certificate(settings: Settings) -> tuple[Path | None, Path | None]:
    """Certificate and key of pages and broker, our own authority's made where that is wanted; None without TLS."""
    if settings.tls_own:
        own = own_tls.ensure(settings.data / "tls", own_tls.machine_names(), dt.datetime.now(dt.UTC))
        return own.certificate, own.key
    return settings.tls_cert, settings.tls_key


def _listening(endpoint: Endpoint) -> socket.socket:
    """The socket of the pages. Raises AddressNotFree."""
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    try:
        return socket.create_server((endpoint.host, endpoint.port), family=family, backlog=1024)
    except OSError as error:
        raise AddressNotFree(address=endpoint, reason=error.strerror) from error
