"""The long tail through Apprise: a real mail server's protocol, and HTTP, and what hangs while others go on."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web

from hub.adapters.notify import apprise_urls
from hub.adapters.notify.apprise_urls import AT_ONCE, AppriseProcess, AppriseUrls
from hub.services.ports import ChannelFailed
from tests.hub.adapters.notify.server import MESSAGE, answering, notification, serving
from tests.world.processes import MARK, running
from tests.world.waiting import wait_until


class MailServer:
    """Speaks as much SMTP as a client needs; `refuses` answers every receiver with 550."""

    def __init__(self) -> None:
        self.refuses = False
        self.mails: list[tuple[str, bytes]] = []
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver = ""
        writer.write(b"220 mail.test ESMTP\r\n")
        while line := await reader.readline():
            verb = line.strip().upper()
            if verb.startswith(b"RCPT"):
                receiver = line.decode().partition("<")[2].partition(">")[0]
                writer.write(b"550 no such user\r\n" if self.refuses else b"250 ok\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append((receiver, text[:-5]))
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 mail.test\r\n")
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    made = MailServer()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@pytest_asyncio.fixture
async def process() -> AsyncIterator[AppriseProcess]:
    made = AppriseProcess()
    yield made
    await made.close()


def by_mail(server: MailServer, process: AppriseProcess) -> AppriseUrls:
    url = f"mailto://127.0.0.1:{server.port}?from=hub@example.org&to={{address}}&mode=insecure"
    return AppriseUrls({"mail": url}, process)


def by_post(url: str, process: AppriseProcess, waits_s: float = 60) -> AppriseUrls:
    """`waits_s`: so long Apprise waits for an answer."""
    own = f"json://{urlsplit(url).netloc}/{{address}}?rto={waits_s}"
    return AppriseUrls({"own": own, "other": own}, process)


class Hanging:
    """A server that answers nothing until `over`; `paths` of what has come."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.over = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path.rpartition("/")[2])
        await self.over.wait()
        return web.Response()

    async def has_come(self, count: int) -> None:
        await wait_until(lambda: len(self.paths) >= count, f"{count} messages")


def worker() -> int:
    """The process id of the one that this process has begun."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    [found] = [pid for pid, command in commands.items() if b"hub.adapters.notify.apprise_worker" in command]
    return found


async def test_a_mail_says_where_in_its_subject_and_that_somebody_is_needed(process: AppriseProcess) -> None:
    async with mail_server() as server:
        await by_mail(server, process).send(notification("mail:wang.fang@example.org"), MESSAGE)
    [(receiver, raw)] = server.mails
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body()
    assert receiver == "wang.fang@example.org"
    assert mail["subject"] == MESSAGE.title
    assert body is not None
    assert MESSAGE.text in body.get_content()


async def test_a_mail_that_is_refused_has_failed(process: AppriseProcess) -> None:
    async with mail_server() as server:
        server.refuses = True
        with pytest.raises(ChannelFailed) as failed:
            await by_mail(server, process).send(notification("mail:wang.fang@example.org"), MESSAGE)
    assert not failed.value.is_final
    assert server.mails == []


LOUD = "import logging; logging.basicConfig(level=1); from hub.adapters.notify.apprise_worker import main; main()"


async def test_nothing_that_apprise_logs_or_prints_leaves_its_process() -> None:
    async with mail_server() as server:
        server.refuses = True
        url = f"mailto://127.0.0.1:{server.port}?from=hub@example.org&to=wang.fang@example.org&mode=insecure"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", LOUD, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"id": 7, "url": url, "title": "t", "text": "x"}).encode() + b"\n")
        answer = await process.stdout.readline()
        rest = await process.communicate(b"")
    assert json.loads(answer) == {"id": 7, "outcome": "not_sent", "error": ""}
    assert rest == (b"", b"")


@pytest.mark.parametrize("address", ["", "wang@example.org", "fax:123", "mail:"])
async def test_a_contact_without_a_service_that_is_known_is_a_final_failure(
    process: AppriseProcess, address: str
) -> None:
    with pytest.raises(ChannelFailed) as failed:
        await AppriseUrls({"mail": "mailto://127.0.0.1:1?to={address}"}, process).send(notification(address), MESSAGE)
    assert failed.value.is_final


async def test_a_url_that_apprise_cannot_read_is_a_final_failure(process: AppriseProcess) -> None:
    with pytest.raises(ChannelFailed) as failed:
        await AppriseUrls({"x": "no-such-service://{address}"}, process).send(notification("x:1"), MESSAGE)
    assert failed.value.is_final


@pytest.mark.parametrize(("status", "is_taken"), [(200, True), (302, False), (404, False), (500, False)])
async def test_what_apprise_counts_as_sent_is_sent_and_no_redirection_is_followed(
    process: AppriseProcess, status: int, is_taken: bool
) -> None:
    seen: list[web.Request] = []
    async with serving(answering(status, "", seen, Location="/elsewhere")) as url:
        channel = by_post(url, process)
        if is_taken:
            await channel.send(notification("own:a/../b?x=1"), MESSAGE)
        else:
            with pytest.raises(ChannelFailed):
                await channel.send(notification("own:a/../b?x=1"), MESSAGE)
    assert len(seen) == 1
    assert "x" not in seen[0].query  # an address is no part of a URL but the one that it stands for


async def test_a_service_that_hangs_leaves_the_loop_free_and_ends(process: AppriseProcess) -> None:
    server = Hanging()
    async with serving(server.handle) as url:
        stuck = asyncio.create_task(by_post(url, process, waits_s=0.2).send(notification("own:a"), MESSAGE))
        await server.has_come(1)  # the loop runs while Apprise waits
        with pytest.raises(ChannelFailed):
            await stuck
        server.over.set()


async def test_a_service_that_hangs_holds_up_no_other(process: AppriseProcess) -> None:
    server, seen = Hanging(), list[web.Request]()
    async with serving(server.handle) as url, serving(answering(200, "", seen)) as other_url:
        services = {"own": f"json://{urlsplit(url).netloc}/{{address}}?rto=60"}
        services["other"] = f"json://{urlsplit(other_url).netloc}/{{address}}"
        channel = AppriseUrls(services, process)
        stuck = [asyncio.create_task(channel.send(notification(f"own:{n}"), MESSAGE)) for n in range(2 * AT_ONCE)]
        await server.has_come(AT_ONCE)
        await channel.send(notification("other:a"), MESSAGE)
        assert len(seen) == 1
        server.over.set()
        await asyncio.gather(*stuck)


async def test_what_waits_for_its_turn_and_is_given_up_is_never_sent(process: AppriseProcess) -> None:
    server = Hanging()
    async with serving(server.handle) as url:
        channel = by_post(url, process)
        sends = [asyncio.create_task(channel.send(notification(f"own:{n}"), MESSAGE)) for n in range(AT_ONCE + 1)]
        await server.has_come(AT_ONCE)
        sends.pop().cancel()
        server.over.set()
        await asyncio.gather(*sends)
        await channel.send(notification("own:later"), MESSAGE)
    assert sorted(server.paths) == [*(str(n) for n in range(AT_ONCE)), "later"]


async def test_one_that_is_given_up_under_way_keeps_its_turn_until_it_ends(process: AppriseProcess) -> None:
    server = Hanging()
    async with serving(server.handle) as url:
        channel = by_post(url, process)
        sends = [asyncio.create_task(channel.send(notification(f"own:{n}"), MESSAGE)) for n in range(AT_ONCE)]
        await server.has_come(AT_ONCE)
        for one in sends:
            one.cancel()
        await asyncio.wait(sends)
        waiting = asyncio.create_task(channel.send(notification("own:waiting"), MESSAGE))
        await asyncio.wait([waiting], timeout=0.1)  # time enough to go out, were there a turn
        waiting.cancel()
        server.over.set()
        await channel.send(notification("own:later"), MESSAGE)
    assert server.paths[AT_ONCE:] == ["later"]


async def test_what_a_worker_that_was_killed_had_begun_counts_as_not_sent_and_the_next_message_has_a_new_one(
    process: AppriseProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Hanging()
    async with serving(server.handle) as url:
        channel = by_post(url, process)
        cut = asyncio.create_task(channel.send(notification("own:a"), MESSAGE))
        await server.has_come(1)
        os.kill(worker(), signal.SIGKILL)
        with pytest.raises(ChannelFailed) as failed:
            await cut
        assert not failed.value.is_final
        server.over.set()
        await channel.send(notification("own:b"), MESSAGE)
    assert server.paths == ["a", "b"]
    assert "apprise_ended" in capsys.readouterr().out


async def test_a_worker_that_hangs_is_ended_and_the_next_message_has_a_new_one(
    process: AppriseProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[web.Request] = []
    async with serving(answering(200, "", seen)) as url:
        channel = by_post(url, process)
        await channel.send(notification("own:a"), MESSAGE)
        os.kill(worker(), signal.SIGSTOP)
        with monkeypatch.context() as changed:
            changed.setattr(apprise_urls, "HUNG_S", 0.2)
            with pytest.raises(ChannelFailed):
                await channel.send(notification("own:b"), MESSAGE)
        await channel.send(notification("own:c"), MESSAGE)
    assert [one.path.rpartition("/")[2] for one in seen] == ["a", "c"]


HUB = """
import asyncio, sys
from hub.adapters.notify.apprise_urls import AppriseProcess
asyncio.run(AppriseProcess().tell("own", sys.argv[1], "title", "text"))
"""


async def test_the_worker_ends_with_a_hub_that_is_killed_whatever_it_is_doing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path))
    server = Hanging()
    async with serving(server.handle) as url:
        own = f"json://{urlsplit(url).netloc}/a?rto=60"
        hub = await asyncio.create_subprocess_exec(sys.executable, "-c", HUB, own)
        await server.has_come(1)
        assert any("apprise_worker" in command for command in running(tmp_path).values())
        hub.kill()
        await hub.wait()
        await wait_until(lambda: not running(tmp_path), "the worker has ended")
        server.over.set()


async def test_what_a_services_code_raises_is_a_failure_whose_kind_is_logged(
    process: AppriseProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "apprise.py").write_text("def Apprise(**_): raise SystemExit('secret')\nAppriseAsset = dict\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ChannelFailed):
        await AppriseUrls({"x": "json://127.0.0.1:1/{address}"}, process).send(notification("x:1"), MESSAGE)
    logged = capsys.readouterr().out
    assert "SystemExit" in logged
    assert "secret" not in logged


@pytest.mark.parametrize("answer", ["not json", '{"id": 99, "outcome": "sent", "error": ""}', '{"id": 0}'])
async def test_a_worker_whose_answer_cannot_be_read_is_ended_and_has_not_sent(
    process: AppriseProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path))
    mad = tmp_path / "mad"
    mad.write_text(f"#!/bin/sh\nread line\necho '{answer}'\nexec sleep 600\n")
    mad.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(mad))
    with pytest.raises(ChannelFailed):
        await AppriseUrls({"x": "json://127.0.0.1:1/{address}"}, process).send(notification("x:1"), MESSAGE)
    await wait_until(lambda: not running(tmp_path), "it has ended")
    assert "apprise_not_understood" in capsys.readouterr().out


async def test_a_worker_that_cannot_be_started_is_a_failure_that_is_tried_again(
    process: AppriseProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ChannelFailed) as failed:
        await AppriseUrls({"x": "json://127.0.0.1:1/{address}"}, process).send(notification("x:1"), MESSAGE)
    assert not failed.value.is_final
