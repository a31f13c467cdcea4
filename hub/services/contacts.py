"""How somebody is reached, and in which order, as staff write it down."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.contacting import checked
from hub.domain.errors import NotFound
from hub.domain.people import ChannelName, Contact
from hub.services.ports import AuditRow, Tx


def contacts_of(tx: Tx, person_id: str) -> tuple[Contact, ...]:
    """The person's ways in their order. Raises NotFound."""
    person = tx.people.people([person_id]).get(person_id)
    if person is None:
        raise NotFound(what="person", id=person_id)
    return person.contacts


def put_contacts(tx: Tx, person_id: str, contacts: Sequence[Contact], by: str, now_ms: int) -> None:
    """Replaces the person's ways; phones that take Web Push stay, as the person's own doing.

    The audit log tells who did it and the kinds of ways, no address. Raises NotFound and Invalid.
    """
    phones = [one for one in contacts_of(tx, person_id) if one.channel is ChannelName.WEB_PUSH]
    written = checked(contacts)
    tx.people.set_contacts(person_id, [*written, *phones])
    kinds = " ".join(one.channel.value for one in written)
    tx.audit.add(AuditRow(now_ms, by, "contacts_put", {"person_id": person_id, "channels": kinds}))
