"""Phones that volunteers have let the hub reach by Web Push: taken in, tried, let go."""

from __future__ import annotations

import asyncio

from hub.domain.alerts import Purpose
from hub.domain.errors import Invalid, PushFailed
from hub.domain.people import ChannelName, Contact, Person
from hub.domain.subscription import Subscription, is_public, read_subscription
from hub.domain.words import say
from hub.services.ports import Channel, ChannelFailed, Clock, Database, Message, Notification, Tx
from wire.ids import new_id

MOST_PHONES = 5
"""So many browsers one person may have; a further one takes the place of the oldest."""
TEST_TIMEOUT_S = 10.0


class Phones:
    """`public_key` is what browsers need to subscribe, as they write it."""

    def __init__(self, database: Database, channel: Channel, clock: Clock, public_key: str) -> None:
        self._database = database
        self._channel = channel
        self._clock = clock
        self.public_key = public_key

    async def subscribe(self, person_id: str, text: str) -> None:
        """Stores the subscription as a contact; one that is there already changes nothing. Raises Invalid."""
        subscription = _read(text)

        def store(tx: Tx) -> None:
            known = _phones(tx.people.people([person_id])[person_id])
            if subscription.as_text() in known:
                return
            for address in known[: max(0, len(known) - MOST_PHONES + 1)]:
                tx.people.drop_contact(person_id, Contact(ChannelName.WEB_PUSH, address))
            tx.people.add_contact(person_id, Contact(ChannelName.WEB_PUSH, subscription.as_text()))

        person = await self._database.read(lambda tx: tx.people.people([person_id])[person_id])
        if subscription.as_text() not in _phones(person):
            await self._database.write(store)

    async def unsubscribe(self, person_id: str, text: str) -> None:
        """Forgets the subscription; one that is not there changes nothing. Raises Invalid."""
        contact = Contact(ChannelName.WEB_PUSH, _read(text).as_text())
        await self._database.write(lambda tx: tx.people.drop_contact(person_id, contact))

    async def try_out(self, person: Person, text: str) -> None:
        """Sends this phone a message that says that it works. Raises Invalid, and PushFailed when it was not taken."""
        address = _read(text).as_text()
        if address not in _phones(await self._stored(person)):
            raise Invalid("bad_subscription")
        now_ms = self._clock.now_ms()
        test_id = new_id(now_ms)
        notification = Notification(
            test_id, test_id, person.id, ChannelName.WEB_PUSH, address, Purpose.ASK, None, 0, now_ms, now_ms
        )
        message = Message(test_id, say("test.title", person.language), say("test.text", person.language), {})
        try:
            async with asyncio.timeout(TEST_TIMEOUT_S):
                await self._channel.send(notification, message)
        except TimeoutError as error:
            raise PushFailed(reason=f"{TEST_TIMEOUT_S:.0f} s") from error
        except ChannelFailed as error:
            raise PushFailed(reason=error.reason) from error

    async def _stored(self, person: Person) -> Person:
        return await self._database.read(lambda tx: tx.people.people([person.id])[person.id])


def _phones(person: Person) -> list[str]:
    return [one.address for one in person.contacts if one.channel is ChannelName.WEB_PUSH]


def _read(text: str) -> Subscription:
    subscription = read_subscription(text)
    if not is_public(subscription.endpoint):
        raise Invalid("bad_subscription")
    return subscription
