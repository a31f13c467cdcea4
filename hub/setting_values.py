"""The kinds of value a setting can have, and how each is read from text."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from hub.domain.errors import Invalid
from hub.domain.noise_budget import MOST_MINUTES, NO_LIMIT, read_minutes
from hub.domain.places import Spans
from hub.domain.quiet_hours import minute_of, read_spans

Language = Literal["zh", "en"]


class UnreadableValue(ValueError):
    """What should have been written instead, as a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Host and TCP port to listen on, written `HOST:PORT`; an IPv6 address stands in brackets."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """An outside broker; `password` is kept out of `repr`, so that no log shows it."""

    host: str
    port: int
    is_tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def minute_of_day(text: str) -> int | None:
    """`HH:MM` as minutes after midnight; `off` is None."""
    if text == "off":
        return None
    if (found := minute_of(text)) is None:
        raise UnreadableValue("请写成 时:分，例如 03:00；不要自检就写 off。", "write HH:MM, for example 03:00, or off.")
    return found


def times_of_day(text: str) -> Spans:
    """`HH:MM-HH:MM`, several with commas between, as minutes after midnight; `off` is none of them."""
    if text == "off":
        return ()
    try:
        return read_spans(text.split(","))
    except Invalid:
        raise UnreadableValue(
            "请写成 12:00-14:00,20:00-07:30；不要安静时段就写 off。", "write 12:00-14:00,20:00-07:30, or off."
        ) from None


def minutes_a_day(text: str) -> int:
    """Whole minutes of a day; `0` and `off` are no limit."""
    if text == "off":
        return NO_LIMIT
    try:
        return read_minutes(text)
    except Invalid:
        raise UnreadableValue(
            f"请写 0 到 {MOST_MINUTES} 的整数，例如 60；不限就写 0 或 off。",
            f"write a whole number from 0 to {MOST_MINUTES}, for example 60; 0 or off for no limit.",
        ) from None


def endpoint(text: str) -> Endpoint:
    """`HOST:PORT`, port 1-65535."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise UnreadableValue("请写成 主机:端口，例如 127.0.0.1:8080。", "write HOST:PORT, for example 127.0.0.1:8080.")
    return Endpoint(host, int(port))


def broker_url(text: str) -> BrokerUrl:
    """`mqtt://` (port 1883 unless given) or `mqtts://` (8883), user and password percent-encoded."""
    wanted = UnreadableValue(
        "请写成 mqtt://用户:密码@主机:1883 或 mqtts://用户:密码@主机:8883。",
        "write mqtt://user:password@host:1883 or mqtts://user:password@host:8883.",
    )
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise wanted from error
    if url.scheme not in ("mqtt", "mqtts") or not url.hostname or url.path.strip("/") or url.query:
        raise wanted
    is_tls = url.scheme == "mqtts"
    return BrokerUrl(
        host=url.hostname,
        port=port or (8883 if is_tls else 1883),
        is_tls=is_tls,
        user=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
    )


def web_address(text: str) -> str:
    """A whole http or https address."""
    try:
        url = urlsplit(text)
        is_whole = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise UnreadableValue(
            "请写完整的网址，例如 https://example.org/notify。",
            "write a whole address, for example https://example.org/notify.",
        )
    return text


def whole_number(text: str) -> int:
    """Digits only."""
    if not (text.isascii() and text.isdigit()):
        raise UnreadableValue("请写一个整数，例如 1000002。", "write a whole number, for example 1000002.")
    return int(text)


def push_contact(text: str) -> str:
    """A mail or web address with its scheme, as RFC 8292 wants it."""
    is_mail = text.startswith("mailto:") and "@" in text.removeprefix("mailto:")
    if not is_mail and not (text.startswith("https://") and urlsplit(text).hostname):
        raise UnreadableValue(
            "请写成 mailto:邮箱 或 https:// 开头的网址。",
            "write mailto: and a mail address, or an address with https://.",
        )
    return text


def existing_file(text: str) -> Path:
    """The absolute path of a file that is there."""
    path = Path(text).expanduser()
    if not path.is_file():
        raise UnreadableValue("没有这个文件，请写文件的完整路径。", "there is no such file; write its whole path.")
    return path.absolute()


def folder(text: str) -> Path:
    """The absolute path of a folder, which need not be there yet."""
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise UnreadableValue("它不是文件夹，请换一个路径。", "it is not a folder; write another path.")
    return path


ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"", "0", "false", "no", "off"})


def switch(text: str) -> bool:
    """true or false, also written 1, yes, on, 0, no, off."""
    if text.lower() in ON:
        return True
    if text.lower() in OFF:
        return False
    raise UnreadableValue("请写 true 或 false。", "write true or false.")


def language(text: str) -> Language:
    """zh or en."""
    if text not in ("zh", "en"):
        raise UnreadableValue("请写 zh（中文）或 en（英文）。", "write zh (Chinese) or en (English).")
    return cast("Language", text)


_LOG_LEVELS = ("debug", "info", "warning", "error")


def log_level(text: str) -> str:
    """One of the four levels, in lower case."""
    if text.lower() not in _LOG_LEVELS:
        raise UnreadableValue(f"请写 {'、'.join(_LOG_LEVELS)} 之一。", f"write one of {', '.join(_LOG_LEVELS)}.")
    return text.lower()


def mask(text: str) -> str:
    """A secret as it may be shown: scheme and host of an address, since only the rest gives access."""
    try:
        url = urlsplit(text)
    except ValueError:
        return "***"
    if not url.hostname:
        return "***" if text else ""
    return f"{url.scheme}://{'***@' if url.username else ''}{url.hostname}/***"
