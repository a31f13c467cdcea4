"""People over JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from hub.api.bodies import Body, refusals
from hub.api.callers import Served, Staff
from hub.domain.people import ChannelName, Contact
from hub.services.contacts import contacts_of, put_contacts
from hub.services.views import PersonView, people_view

router = APIRouter(prefix="/people", tags=["people"])


class Way(Body):
    """One way to reach somebody; what the address is depends on the channel."""

    channel: ChannelName
    address: Annotated[str, Field(max_length=2_000, examples=["13800000001"])] = ""


class Ways(Body):
    """All ways in the person's order: the first is used at once, the next when it has failed."""

    contacts: list[Way]


@router.get("", summary="Who can be asked", responses=refusals())
async def list_people(services: Served, grant: Staff) -> list[PersonView]:
    """Those on shift first. Their ids are what `by` wants in the steps of an alert."""
    return await services.database.read(lambda tx: people_view(tx, services.clock.now_ms()))


@router.get("/{person_id}/contacts", summary="How somebody is reached", responses=refusals(404))
async def get_contacts(person_id: str, services: Served, grant: Staff) -> Ways:
    """In their order. Phones that take Web Push come with an empty address: it is of use to nobody else."""
    contacts = await services.database.read(lambda tx: contacts_of(tx, person_id))
    hidden = ChannelName.WEB_PUSH
    return Ways(contacts=[Way(channel=c.channel, address="" if c.channel is hidden else c.address) for c in contacts])


@router.put("/{person_id}/contacts", status_code=204, summary="Say how somebody is reached", responses=refusals(404))
async def set_contacts(person_id: str, body: Ways, services: Served, grant: Staff) -> None:
    """Replaces all but the person's own phones. Web Push is turned on by the person, on their own page."""
    contacts = [Contact(one.channel, one.address) for one in body.contacts if one.channel is not ChannelName.WEB_PUSH]
    by, now_ms = grant.person_id or grant.name, services.clock.now_ms()
    await services.database.write(lambda tx: put_contacts(tx, person_id, contacts, by, now_ms))
