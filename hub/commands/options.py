"""What several commands share: the settings that the command line can give, and how output is printed."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import socket
import sys
from collections.abc import Mapping
from typing import TextIO, cast

import structlog

from hub.settings import Settings, load

NAMES = ("DATA", "HTTP", "TLS_CERT", "TLS_KEY", "MQTT", "BROKER")


def add_data(parser: argparse.ArgumentParser) -> None:
    """--data, which every command has."""
    parser.add_argument("--data", metavar="DIR", help="数据文件夹 · data folder")


def add_serving(parser: argparse.ArgumentParser) -> None:
    """The options of commands that run a hub."""
    add_data(parser)
    parser.add_argument("--http", metavar="HOST:PORT", help="网页开在哪里 · where pages and API listen")
    parser.add_argument("--tls-cert", metavar="F", help="证书 · certificate (PEM)")
    parser.add_argument("--tls-key", metavar="F", help="私钥 · private key (PEM)")
    parser.add_argument("--tls-own", action="store_true", help="自己签发证书 · make our own certificate")
    parser.add_argument("--mqtt", metavar="HOST:PORT", help="自带消息服务器开在哪里 · where our own broker listens")
    parser.add_argument("--broker", metavar="URL", help="改用外面的消息服务器 · use this broker instead")


def settings(options: argparse.Namespace) -> Settings:
    """The settings with what the command line gave above all else; raises SettingsError."""
    return load(arguments(options))


def arguments(options: argparse.Namespace) -> dict[str, str | None]:
    """What the command line gave, by setting name without prefix."""
    given: dict[str, str | None] = {name: getattr(options, name.lower(), None) for name in NAMES}
    given["TLS_OWN"] = "true" if getattr(options, "tls_own", False) else None
    return given


def free_ports(count: int) -> list[int]:
    """So many TCP ports of this machine that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


def show(result: Mapping[str, object], *, is_json: bool) -> None:
    """Prints a result, as one line of JSON or as one line a field."""
    if is_json:
        print(json.dumps(dict(result), ensure_ascii=False))  # noqa: T201 - a command line speaks to its user
        return
    for name, value in result.items():
        print(f"{name}: {value}")  # noqa: T201


def set_up_logging(level: str) -> None:
    """Readable lines on standard error, from structlog and from the libraries' own loggers."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        stream=sys.stderr, level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lossy())),
        cache_logger_on_first_use=True,
    )


class _Lossy:
    """Standard error that may fail: a log on a full disk, or whose reader is gone, must not end a hub that works."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
