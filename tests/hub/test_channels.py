"""The ways to reach people as the settings make them, all of them behind the real dispatcher."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from hub.adapters.notify.apprise_urls import AppriseProcess
from hub.adapters.notify.push_encryption import public_bytes
from hub.adapters.vapid_key import vapid_key
from hub.channels import build_channels, build_phones
from hub.domain.people import ChannelName, Contact
from hub.domain.subscription import decode
from hub.services.notify import Dispatcher
from hub.services.ports import ChannelFailed, Notification
from hub.services.recording import Outgoing
from hub.settings import Settings, load
from tests.hub.adapters.notify.browser import Browser
from tests.hub.adapters.notify.server import MESSAGE, answering, notification, serving
from tests.hub.services.press_rig import POLICY, PressRig, press_rig
from tests.world.services import ADDRESSES, Services, environment
from tests.world.waiting import wait_until


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest_asyncio.fixture
async def apprise() -> AsyncIterator[AppriseProcess]:
    made = AppriseProcess()
    yield made
    await made.close()


def settings(url: str, folder: Path) -> Settings:
    return load({"DATA": str(folder)}, environment(url))


async def test_a_hub_without_settings_has_the_open_page_and_the_webhook_only(
    session: aiohttp.ClientSession, rig: PressRig, apprise: AppriseProcess, tmp_path: Path
) -> None:
    bare = load({"DATA": str(tmp_path)}, {})
    channels = build_channels(bare, session, rig.clock, rig.database, lambda _: False, apprise)
    assert set(channels) == {ChannelName.WEBHOOK, ChannelName.PAGE}
    assert build_phones(bare, channels, rig.database, rig.clock) is None


@pytest.mark.parametrize("hanging", [one.value for one in (*ADDRESSES, ChannelName.WEB_PUSH)])
async def test_one_service_that_hangs_delays_no_other(
    session: aiohttp.ClientSession, rig: PressRig, apprise: AppriseProcess, tmp_path: Path, hanging: str
) -> None:
    alert = await rig.press()
    services = Services(hanging)
    async with services.serve() as url:
        channels = build_channels(settings(url, tmp_path), session, rig.clock, rig.database, lambda _: True, apprise)
        dispatcher = Dispatcher(rig.database, channels, rig.clock, POLICY, rig.news)
        running = asyncio.create_task(dispatcher.run())
        addresses = {**ADDRESSES, ChannelName.WEB_PUSH: Browser(f"{url}/web_push").subscription}
        stored = [_stored(name, address, alert.id) for name, address in addresses.items()]
        await rig.database.write(lambda tx: tx.notifications.add(stored))
        for index in range(60):  # more than a channel has lanes: the hanging one is full to the brim
            dispatcher.submit([Outgoing(replace(_of(stored, hanging), id=f"more-{index}"), MESSAGE)])
        dispatcher.submit([Outgoing(one, MESSAGE) for one in stored])
        working = {name.value for name in addresses} - {hanging}
        await wait_until(lambda: set(services.taken) >= working, "all the others have theirs")
        running.cancel()
    assert hanging not in services.taken


def _stored(name: ChannelName, address: str, alert_id: str) -> Notification:
    return replace(notification(address), id=f"n-{name}", alert_id=alert_id, channel=name)


def _of(stored: list[Notification], name: str) -> Notification:
    return next(one for one in stored if one.channel == name)


def test_no_secret_of_a_channel_is_shown_by_what_prints_settings(tmp_path: Path) -> None:
    shown = repr(settings("https://gateway.example/very-secret", tmp_path))
    assert "very-secret/ntfy" not in shown
    assert "SEC1" not in shown


async def test_phones_are_given_the_public_half_of_the_key_that_signs(
    session: aiohttp.ClientSession, rig: PressRig, apprise: AppriseProcess, tmp_path: Path
) -> None:
    given = settings("https://gateway.example", tmp_path)
    channels = build_channels(given, session, rig.clock, rig.database, lambda _: True, apprise)
    phones = build_phones(given, channels, rig.database, rig.clock)
    assert phones is not None
    assert decode(phones.public_key) == public_bytes(vapid_key(tmp_path / "keys"))


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_has_ended_is_no_contact_any_more(
    session: aiohttp.ClientSession, rig: PressRig, apprise: AppriseProcess, tmp_path: Path, status: int
) -> None:
    async with serving(answering(status)) as url:
        browser = Browser(url)
        contact = Contact(ChannelName.WEB_PUSH, browser.subscription)
        await rig.database.write(lambda tx: tx.people.add_contact("wang", contact))
        before = (await rig.database.read(lambda tx: tx.people.people(["wang"])))["wang"].contacts
        channels = build_channels(settings(url, tmp_path), session, rig.clock, rig.database, lambda _: True, apprise)
        sent = replace(notification(browser.subscription), channel=ChannelName.WEB_PUSH)
        for person_id in (None, "wang"):
            with pytest.raises(ChannelFailed) as failed:
                await channels[ChannelName.WEB_PUSH].send(replace(sent, person_id=person_id), MESSAGE)
            assert failed.value.is_final
    after = (await rig.database.read(lambda tx: tx.people.people(["wang"])))["wang"].contacts
    assert after == tuple(one for one in before if one != contact)
