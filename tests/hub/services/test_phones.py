"""Phones that are reached by Web Push: each stored once, few a person, tried only by whose they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import Invalid, PushFailed
from hub.domain.people import ChannelName, Contact, Person
from hub.services import phones as module
from hub.services.phones import MOST_PHONES, Phones
from hub.services.ports import ChannelFailed
from tests.fakes.channel import FakeChannel
from tests.hub.adapters.notify.browser import Browser
from tests.hub.services.small_community import FakeClock, small_community

ENDPOINT = "https://push.example.net/"


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with small_community(tmp_path) as made:
        yield made


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def phones(database: SqliteDatabase, channel: FakeChannel) -> Phones:
    return Phones(database, channel, FakeClock(), "key")


async def person(database: SqliteDatabase, one: str = "wang") -> Person:
    return (await database.read(lambda tx: tx.people.people([one])))[one]


async def pushes(database: SqliteDatabase) -> list[str]:
    contacts = (await person(database)).contacts
    return [one.address for one in contacts if one.channel is ChannelName.WEB_PUSH]


async def version(database: SqliteDatabase) -> int:
    found = await database.read(lambda tx: tx.people.known.community())  # type: ignore[attr-defined]  # below the port
    assert isinstance(found[1], int)
    return found[1]


async def test_a_phone_becomes_a_contact_after_those_that_are_there(database: SqliteDatabase, phones: Phones) -> None:
    before = (await person(database)).contacts
    browser = Browser(ENDPOINT)
    await phones.subscribe("wang", browser.subscription)
    assert (await person(database)).contacts == (*before, Contact(ChannelName.WEB_PUSH, browser.subscription))


async def test_the_same_phone_again_changes_nothing_and_a_change_is_seen_by_every_process(
    database: SqliteDatabase, phones: Phones
) -> None:
    browser = Browser(ENDPOINT)
    versions = [await version(database)]
    for _ in range(2):
        await phones.subscribe("wang", browser.subscription)
        versions.append(await version(database))
    for _ in range(2):
        await phones.unsubscribe("wang", browser.subscription)
        versions.append(await version(database))
    start = versions[0]
    assert versions == [start, start + 1, start + 1, start + 2, start + 2]
    assert await pushes(database) == []


async def test_a_phone_too_many_takes_the_place_of_the_oldest(database: SqliteDatabase, phones: Phones) -> None:
    browsers = [Browser(f"{ENDPOINT}{index}") for index in range(MOST_PHONES + 3)]
    for index, browser in enumerate(browsers, 1):
        await phones.subscribe("wang", browser.subscription)
        assert len(await pushes(database)) == min(index, MOST_PHONES)
    assert await pushes(database) == [one.subscription for one in browsers[-MOST_PHONES:]]


@pytest.mark.parametrize("text", ["", "nonsense", "{}"])
async def test_what_is_no_subscription_is_refused(database: SqliteDatabase, phones: Phones, text: str) -> None:
    for work in (phones.subscribe("wang", text), phones.unsubscribe("wang", text)):
        with pytest.raises(Invalid):
            await work
    assert await pushes(database) == []


async def test_an_address_in_the_hubs_own_network_is_refused(database: SqliteDatabase, phones: Phones) -> None:
    with pytest.raises(Invalid):
        await phones.subscribe("wang", Browser("http://127.0.0.1:1883/").subscription)
    assert await pushes(database) == []


async def test_a_phone_is_tried_with_what_an_alert_would_bring_it(
    database: SqliteDatabase, phones: Phones, channel: FakeChannel
) -> None:
    browser = Browser(ENDPOINT)
    await phones.subscribe("wang", browser.subscription)
    await phones.try_out(await person(database), browser.subscription)
    [(notification, message)] = channel.sent
    assert (notification.address, message.text) == (browser.subscription, "这部手机收得到通知。")


async def test_nobody_tries_a_phone_that_is_not_theirs(
    database: SqliteDatabase, phones: Phones, channel: FakeChannel
) -> None:
    browser = Browser(ENDPOINT)
    await phones.subscribe("wang", browser.subscription)
    with pytest.raises(Invalid):
        await phones.try_out(await person(database, "li"), browser.subscription)
    assert channel.begun == []


async def test_a_test_that_was_not_taken_says_so(
    database: SqliteDatabase, phones: Phones, channel: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(ENDPOINT)
    await phones.subscribe("wang", browser.subscription)
    channel.error = ChannelFailed("HTTP 403", is_final=True)
    with pytest.raises(PushFailed):
        await phones.try_out(await person(database), browser.subscription)
    channel.error = None
    channel.open_gate.clear()
    monkeypatch.setattr(module, "TEST_TIMEOUT_S", 0.0)
    with pytest.raises(PushFailed):
        await phones.try_out(await person(database), browser.subscription)
