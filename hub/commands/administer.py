"""dongdong example, token, device: what is set up from a shell, also while the hub runs."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hub.adapters.broker import BrokerError, add_login
from hub.adapters.clock import SystemClock
from hub.adapters.data_folder import DATABASE
from hub.adapters.database.database import SqliteDatabase
from hub.adapters.signing_key import signing_key
from hub.commands import options as shared
from hub.commands.fleet_file import buttons_of_devices, write_fleet
from hub.domain.devices import Device
from hub.domain.errors import Invalid
from hub.domain.people import Role
from hub.services.access import Access
from hub.services.example import fill_with_city, fill_with_example
from hub.services.first_community import ensure_community
from hub.services.ports import Tx
from hub.settings import Settings
from wire import topics

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name

T = TypeVar("T")
PASSWORD_BYTES = 24


def add_to(commands: Commands) -> None:
    """Adds the commands."""
    example = commands.add_parser("example", help="填入示例社区 · fill an empty data folder with the example community")
    shared.add_data(example)
    example.add_argument(
        "--devices", type=int, metavar="N", help="改为 N 栋楼的大社区，每栋一台设备 · a city of N devices instead"
    )
    example.add_argument(
        "--fleet", type=Path, metavar="FILE", help="给模拟器的文件，含登录 · write logins and the simulator's file"
    )
    example.add_argument("--mqtt", metavar="HOST:PORT", help="消息服务器在哪里 · where the broker will listen")
    example.set_defaults(command=fill)
    token = commands.add_parser("token", help="发一个接口令牌 · make an API token")
    shared.add_data(token)
    token.add_argument("--role", required=True, choices=[role.value for role in Role])
    token.add_argument("--name", default="command line", help="给谁用 · what it is for")
    token.add_argument("--days", type=int, default=365, help="有效天数 · days it is valid")
    token.add_argument("--json", action="store_true", dest="is_json")
    token.set_defaults(command=new_token)
    device = commands.add_parser("device", help="设备 · devices").add_subparsers(required=True, metavar="ACTION")
    add = device.add_parser("add", help="添加一台设备 · add a device")
    shared.add_data(add)
    add.add_argument("id", metavar="ID")
    add.add_argument("--place", required=True, help="在哪里，如 building-17 · where it is, such as building-17")
    add.add_argument("--json", action="store_true", dest="is_json")
    add.set_defaults(command=add_device)
    key = device.add_parser("key", help="中心的公钥，每台设备都要写上 · the hub's public key, which every device needs")
    shared.add_data(key)
    key.add_argument("--json", action="store_true", dest="is_json")
    key.set_defaults(command=show_key)


def fill(options: argparse.Namespace) -> int:
    """Fills an empty data folder, and with `--fleet` makes all that `dongdong sim` needs to run its devices."""
    settings = shared.settings(options)

    async def work(database: SqliteDatabase) -> dict[str, list[str]]:
        if options.devices is None:
            await fill_with_example(database, SystemClock())
        else:
            await fill_with_city(database, SystemClock(), options.devices)
        return await database.read(buttons_of_devices)

    buttons = _with_database(settings, work, is_new=True)
    if options.fleet is not None:
        write_fleet(settings, buttons, options.fleet)
    return 0


def new_token(options: argparse.Namespace) -> int:
    """Prints a new token; it cannot be shown again."""

    async def make(database: SqliteDatabase) -> str:
        access = Access(database, SystemClock())
        return (await access.new_token(role=Role(options.role), name=options.name, days=options.days)).secret

    shared.show({"token": _with_database(shared.settings(options), make)}, is_json=options.is_json)
    return 0


def add_device(options: argparse.Namespace) -> int:
    """Prints user and password for the broker. A device that is there already gets a new password."""
    settings = shared.settings(options)
    if settings.broker:
        print(  # noqa: T201 - a command line speaks to its user
            "用的是外面的消息服务器，请在那里添加登录。\nThe broker is not ours: add the login there.", file=sys.stderr
        )
        return 1
    if not topics.is_slug(options.id) or options.id == topics.RESERVED_DEVICE:
        raise Invalid("bad_device_name", id=options.id)

    async def add(database: SqliteDatabase) -> None:
        def job(tx: Tx) -> None:
            if options.place not in tx.places.places():
                raise Invalid("unknown_place", place=options.place)
            if not tx.devices.places_of([options.id]):
                tx.devices.add_devices([Device(options.id, options.place)])

        await database.write(job)

    _with_database(settings, add)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    try:
        add_login(settings.data / "broker", options.id, password)
    except BrokerError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to its user
        return 1
    shared.show({"user": options.id, "password": password}, is_json=options.is_json)
    return 0


def show_key(options: argparse.Namespace) -> int:
    """Prints the key against which devices check what the hub tells them: 64 hexadecimal digits."""
    key = signing_key(shared.settings(options).data / "keys")
    shared.show({"key": key.public_bytes.hex()}, is_json=options.is_json)
    return 0


def _with_database(settings: Settings, work: Callable[[SqliteDatabase], Awaitable[T]], *, is_new: bool = False) -> T:
    async def run(path: Path) -> T:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = SqliteDatabase(path)
        await database.start()
        try:
            if not is_new:
                await ensure_community(database, settings.language)
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run(settings.data / DATABASE))
