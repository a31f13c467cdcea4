"""The commands of `dongdong`: beside a hub that runs, with bad input, and with nothing running at all."""

from __future__ import annotations

import asyncio
import json
import wave
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import aiomqtt
import pytest
import pytest_asyncio

from hub.__main__ import main
from tests.world.api import Api
from tests.world.button import Buttons, client
from tests.world.community import Community
from tests.world.running_hub import RunningHub, running_hub

BESIDE = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(community: Community, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHub]:
    async with running_hub(community, tmp_path_factory.mktemp("commands")) as running:
        yield running


async def answer(world: RunningHub, *arguments: str) -> dict[str, str]:
    """The JSON of a command that runs beside the hub; all of its output is this one line."""
    done = await asyncio.to_thread(world.hub.command, *arguments)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return dict(json.loads(line))


@BESIDE
async def test_a_device_that_is_added_signs_in_at_once_and_its_press_raises_an_alert_at_its_place(
    world: RunningHub,
) -> None:
    login = await answer(world, "device", "add", "door-3", "--place", "building-3", "--json")
    assert login.keys() == {"user", "password"}
    assert login["user"] == "door-3"
    async with client(world.hub.mqtt_port, **login) as connected:
        press_id = await Buttons(connected, "door-3").press("front-door")
    await world.notified(press_id)
    (alert,) = await world.api.alerts("front-door")
    assert (alert["device"], alert["place"], alert["state"]) == ("door-3", "building-3", "open")


@BESIDE
async def test_a_device_that_is_added_again_has_a_new_password_and_keeps_its_place(
    world: RunningHub, capsys: pytest.CaptureFixture[str]
) -> None:
    added = ("device", "add", "door-4", "--place", "building-4", "--json", "--data", str(world.hub.data))
    assert await asyncio.to_thread(main, added) == 0
    before = json.loads(capsys.readouterr().out)
    assert await asyncio.to_thread(main, added) == 0
    after = json.loads(capsys.readouterr().out)
    assert before["password"] != after["password"]
    async with client(world.hub.mqtt_port, **after):
        pass
    with pytest.raises(aiomqtt.MqttError):
        async with client(world.hub.mqtt_port, **before):
            pass
    assert [one["place"] for one in await world.api.get("/devices") if one["id"] == "door-4"] == ["building-4"]


@BESIDE
async def test_a_token_that_is_made_opens_the_api_at_once(world: RunningHub) -> None:
    made = await answer(world, "token", "--role", "staff", "--json")
    assert made.keys() == {"token"}
    async with aiohttp.ClientSession() as session:
        assert isinstance(await Api(session, world.hub.url, made["token"]).get("/alerts"), list)
        with pytest.raises(aiohttp.ClientResponseError) as refused:
            await Api(session, world.hub.url, made["token"][:-1]).get("/alerts")
    assert refused.value.status == 401


@BESIDE
async def test_what_a_command_refuses_beside_a_hub_changes_nothing(
    world: RunningHub, capsys: pytest.CaptureFixture[str]
) -> None:
    before = world.hub.rows("SELECT id FROM device ORDER BY id")
    data = ("--data", str(world.hub.data))
    for arguments, zh, en in (
        (("device", "add", "door-5", "--place", "building-999"), "building-999", "building-999"),
        (("device", "add", "Door 5", "--place", "building-5"), "“Door 5”", "“Door 5”"),
        (("device", "add", "hub", "--place", "building-5"), "“hub”", "“hub”"),
        (("example",), "这个文件夹里已经有一个社区", "This folder holds a community already"),
    ):
        assert await asyncio.to_thread(main, (*arguments, *data)) == 1
        said = capsys.readouterr()
        chinese, english = said.err.splitlines()
        assert zh in chinese
        assert en in english
        assert said.out == ""
    assert world.hub.rows("SELECT id FROM device ORDER BY id") == before


def test_a_hub_in_plain_http_for_everyone_is_refused_with_what_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("hub", "--data", str(tmp_path / "data"), "--http", "0.0.0.0:8080")) == 2
    assert "--tls-own" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_every_setting_is_listed_with_where_its_value_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DONGDONG_DUTY_WEBHOOK", "https://example.org/secret")
    (tmp_path / "dongdong.toml").write_text('DONGDONG_LANGUAGE = "en"')
    assert main(("settings", "--data", str(tmp_path), "--http", "127.0.0.1:9999")) == 0
    said = capsys.readouterr().out
    assert "DONGDONG_HTTP = 127.0.0.1:9999  (argument; 127.0.0.1:8080)" in said
    assert "DONGDONG_LANGUAGE = en  (file; zh)" in said
    assert "DONGDONG_DUTY_WEBHOOK = https://example.org/***  (environment; -)" in said


def test_a_sentence_is_shown_exactly_as_it_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("say", "--text", "302室8:30停水，电话0737-4221234")) == 0
    assert capsys.readouterr().out == "三零二室八点三十分停水，电话零七三七四二二幺二三四\n"


def test_a_sentence_is_spoken_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "said.wav"
    assert main(("say", "今天下午停水。", "--out", str(file))) == 0
    with wave.open(str(file)) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
        assert sound.getnframes() > sound.getframerate()
    assert max(samples) > 3_000
