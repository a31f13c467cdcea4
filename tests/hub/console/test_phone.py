"""The volunteer's phone as one that takes Web Push, as a browser's requests see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from hub.domain.people import ChannelName
from hub.services.ports import ChannelFailed
from tests.fakes.channel import FakeChannel
from tests.hub.adapters.notify.browser import Browser
from tests.hub.console.stage import PUSH_KEY, Stage, stage

OURS = {"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
BROWSER = Browser("https://push.example.net/abc")
FORM = {"subscription": BROWSER.subscription}


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest_asyncio.fixture
async def world(tmp_path: Path, channel: FakeChannel) -> AsyncIterator[Stage]:
    async with stage(tmp_path, push=channel) as opened:
        yield opened


@pytest_asyncio.fixture
async def phone(world: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """Wang Fang's phone; addresses are relative to her page."""
    secret = await world.services.access.new_link("wang")
    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"https://hub.test/v/{secret}/", headers=OURS) as client:
        yield client


async def addresses(world: Stage) -> list[str]:
    people = await world.database.read(lambda tx: tx.people.people(["wang"]))
    return [one.address for one in people["wang"].contacts if one.channel is ChannelName.WEB_PUSH]


async def test_the_page_offers_it_with_the_hubs_key_and_can_be_installed(phone: httpx.AsyncClient) -> None:
    page = (await phone.get("")).text
    assert "这部手机收到通知" in page
    assert f'data-key="{PUSH_KEY}"' in page
    assert '<link rel="manifest" href="manifest.webmanifest">' in page
    manifest = await phone.get("manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert (manifest.json()["start_url"], manifest.json()["display"]) == ("./", "standalone")
    assert manifest.json()["icons"]


async def test_the_worker_lies_in_the_folder_of_the_page_so_that_it_may_answer_for_it(
    phone: httpx.AsyncClient,
) -> None:
    answer = await phone.get("worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "showNotification" in answer.text


async def test_on_test_and_off(world: Stage, phone: httpx.AsyncClient, channel: FakeChannel) -> None:
    assert (await phone.post("phone/on", data=FORM)).status_code == 204
    assert await addresses(world) == [BROWSER.subscription]
    assert "推送服务收下了" in (await phone.post("phone/try", data=FORM)).json()["say"]
    assert [one.address for one, _ in channel.sent] == [BROWSER.subscription]
    assert (await phone.post("phone/off", data=FORM)).status_code == 204
    assert await addresses(world) == []


async def test_a_test_that_was_not_taken_is_told_as_that(phone: httpx.AsyncClient, channel: FakeChannel) -> None:
    await phone.post("phone/on", data=FORM)
    channel.error = ChannelFailed("HTTP 403", is_final=True)
    answer = await phone.post("phone/try", data=FORM)
    assert answer.status_code == 409
    assert "没有收下" in answer.text


@pytest.mark.parametrize("text", ["", "nonsense", Browser("https://127.0.0.1/").subscription])
async def test_what_is_no_subscription_is_refused_with_a_sentence(
    world: Stage, phone: httpx.AsyncClient, text: str
) -> None:
    answer = await phone.post("phone/on", data={"subscription": text})
    assert answer.status_code == 422
    assert await addresses(world) == []


async def test_nobody_does_it_without_the_link_or_from_another_site(world: Stage, phone: httpx.AsyncClient) -> None:
    for address in ("worker.js", "manifest.webmanifest"):
        assert (await phone.get(f"https://hub.test/v/wrong/{address}")).status_code == 401
    assert (await phone.post("https://hub.test/v/wrong/phone/on", data=FORM)).status_code == 401
    other = await phone.post("phone/on", data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert other.status_code == 403
    assert await addresses(world) == []


async def test_a_hub_without_web_push_offers_nothing_and_takes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    async with stage(folder) as bare:
        secret = await bare.services.access.new_link("wang")
        transport = httpx.ASGITransport(app=bare.app)
        base = f"https://hub.test/v/{secret}/"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=OURS) as client:
            assert "这部手机收到通知" not in (await client.get("")).text
            assert (await client.post("phone/on", data=FORM)).status_code == 422
        assert await addresses(bare) == []
