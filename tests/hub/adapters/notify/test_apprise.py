"""The long tail through Apprise: a real mail server's protocol, and HTTP, and what hangs while others go on."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from hub.adapters.notify import apprise_urls
from hub.adapters.notify.apprise_urls import AppriseUrls
from hub.services.ports import ChannelFailed
from tests.hub.adapters.notify.server import MESSAGE, answering, notification, serving


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


def by_mail(server: MailServer) -> AppriseUrls:
    return AppriseUrls({"mail": f"mailto://127.0.0.1:{server.port}?from=hub@example.org&to={{address}}&mode=insecure"})


async def test_a_mail_says_where_in_its_subject_and_that_somebody_is_needed() -> None:
    async with mail_server() as server:
        await by_mail(server).send(notification("mail:wang.fang@example.org"), MESSAGE)
    [(receiver, raw)] = server.mails
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body()
    assert receiver == "wang.fang@example.org"
    assert mail["subject"] == MESSAGE.title
    assert body is not None
    assert MESSAGE.text in body.get_content()


async def test_a_mail_that_is_refused_has_failed_and_its_receiver_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with mail_server() as server:
        server.refuses = True
        with pytest.raises(ChannelFailed) as failed:
            await by_mail(server).send(notification("mail:wang.fang@example.org"), MESSAGE)
    assert not failed.value.is_final
    assert server.mails == []
    assert "wang.fang" not in caplog.text


@pytest.mark.parametrize("address", ["", "wang@example.org", "fax:123", "mail:"])
async def test_a_contact_without_a_service_that_is_known_is_a_final_failure(address: str) -> None:
    with pytest.raises(ChannelFailed) as failed:
        await AppriseUrls({"mail": "mailto://127.0.0.1:1?to={address}"}).send(notification(address), MESSAGE)
    assert failed.value.is_final


async def test_a_url_that_apprise_cannot_read_is_a_final_failure() -> None:
    with pytest.raises(ChannelFailed) as failed:
        await AppriseUrls({"x": "no-such-service://{address}"}).send(notification("x:1"), MESSAGE)
    assert failed.value.is_final


@pytest.mark.parametrize(("status", "is_taken"), [(200, True), (302, False), (404, False), (500, False)])
async def test_what_apprise_counts_as_sent_is_sent_and_no_redirection_is_followed(status: int, is_taken: bool) -> None:
    seen: list[web.Request] = []
    async with serving(answering(status, "", seen, Location="/elsewhere")) as url:
        channel = AppriseUrls({"own": f"json://{urlsplit(url).netloc}/{{address}}"})
        if is_taken:
            await channel.send(notification("own:a/../b?x=1"), MESSAGE)
        else:
            with pytest.raises(ChannelFailed):
                await channel.send(notification("own:a/../b?x=1"), MESSAGE)
    assert len(seen) == 1
    assert "x" not in seen[0].query  # an address is no part of a URL but the one that it stands for


async def test_one_that_hangs_leaves_the_loop_free_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise_urls, "PATIENCE_S", 0.2)
    reached, over = asyncio.Event(), asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        reached.set()
        await over.wait()
        return web.Response()

    async with serving(hang) as url:
        channel = AppriseUrls({"own": f"json://{urlsplit(url).netloc}/{{address}}"})
        stuck = asyncio.create_task(channel.send(notification("own:a"), MESSAGE))
        await reached.wait()  # the loop runs while Apprise waits
        with pytest.raises(ChannelFailed):
            await stuck
        over.set()
