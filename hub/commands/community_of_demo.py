"""Prepares a data folder for the demonstration: the example community, an account, logins for its buildings."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.clock import SystemClock
from hub.adapters.data_folder import DATABASE
from hub.adapters.database.database import SqliteDatabase
from hub.adapters.whole_files import replace_text
from hub.commands.fleet_file import buttons_of_devices, write_fleet
from hub.domain.people import Assignment, Duty, Person, Role
from hub.domain.places import EVERYWHERE
from hub.domain.roster import Shift
from hub.services.access import Access
from hub.services.example import fill_with_example
from hub.services.ports import Tx
from hub.settings import Settings

USERNAME = "demo"
SECRETS = "demo.json"


@dataclass(frozen=True, slots=True)
class Elder:
    """An elder of the example whose button speaks at home, and the person who is asked first."""

    device: str
    button: str
    home: str
    helper: Person


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demonstration shows and uses. The secrets are valid on this data folder only."""

    username: str
    password: str
    token: str
    fleet: Path
    elder: Elder
    link: str


async def prepare(settings: Settings) -> Demo:
    """Fills an empty folder; finds what is there in one that an earlier demonstration has filled."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = SqliteDatabase(settings.data / DATABASE)
    await database.start()
    try:
        access, kept = Access(database, SystemClock()), settings.data / SECRETS
        if not kept.exists():
            await fill_with_example(database, SystemClock())
            replace_text(kept, json.dumps(await _first_account(database, access)))
        known: Mapping[str, str] = json.loads(kept.read_text(encoding="utf-8"))
        elder = await database.read(_elder)
        devices = await database.read(buttons_of_devices)
        return Demo(
            username=USERNAME,
            password=known["password"],
            token=known["token"],
            fleet=write_fleet(settings, devices, settings.data / "fleet.json"),
            elder=elder,
            link=await access.new_link(elder.helper.id),
        )
    finally:
        await database.close()


async def _first_account(database: SqliteDatabase, access: Access) -> dict[str, str]:
    """An administrator who sits at the duty desk around the clock, so that an open desk counts as asked."""
    password = secrets.token_urlsafe(9)
    account = await access.add_account(name="值班员", username=USERNAME, password=password, role=Role.ADMIN)

    def sit_down(tx: Tx) -> None:
        tx.people.add_assignments([Assignment(account.person_id, EVERYWHERE, Duty.DESK)])
        tx.rota.add_shifts([Shift(account.person_id, EVERYWHERE, day, 0, 0, Duty.DESK) for day in range(7)])

    await database.write(sit_down)
    token = await access.new_token(role=Role.STAFF, name="demo", days=365)
    return {"password": password, "token": token.secret}


def _elder(tx: Tx) -> Elder:
    """The first elder whose button has an output at home and whose helper can be asked."""
    helpers = {one.place: one.person_id for one in tx.people.assignments() if one.duty is Duty.HELPER}
    for device in tx.devices.devices():
        for button in tx.devices.buttons_of(device):
            helper = helpers.get(button.home_id or "")
            if button.output == "home" and button.home_id and helper:
                home, person = tx.places.homes([button.home_id])[button.home_id], tx.people.people([helper])[helper]
                return Elder(device, button.name, home.name, person)
    raise LookupError("the example community has no elder with a helper")
