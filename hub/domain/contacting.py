"""In which order somebody is reached: the first way at once, the next when it has failed, and some beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from hub.domain.errors import Invalid
from hub.domain.people import ChannelName, Contact, Person

BESIDE = frozenset({ChannelName.PAGE, ChannelName.WEB_PUSH})
"""Used at once with whichever way is first, and never in its place: nobody may be looking at an open page, and a push
service that took a message cannot reach every phone (FCM is not to be had in mainland China)."""


def first_ways(contacts: Sequence[Contact], worked: Collection[Contact] = ()) -> list[Contact]:
    """The ways by which a message goes out at once: the first in the person's order, and those beside it.

    Where some `worked` for the same alert, the first of them: whoever the third way has reached is thanked by it.
    """
    ordered = [one for one in contacts if one.channel not in BESIDE]
    first = next((one for one in ordered if one in worked), ordered[0] if ordered else None)
    return [one for one in contacts if one.channel in BESIDE or one == first]


def next_way(contacts: Sequence[Contact], tried: Collection[Contact], failed: Collection[Contact]) -> Contact | None:
    """The way to use now that some of the tried ones have failed; None while another may still arrive, or at the end.

    `failed` are those that no further try is expected to mend soon; they may still be tried again.
    """
    ordered = [one for one in contacts if one.channel not in BESIDE]
    if any(one in tried and one not in failed for one in ordered):
        return None
    return next((one for one in ordered if one not in tried), None)


def served(person: Person, channels: Collection[ChannelName] | None) -> Person:
    """The person with those ways only that a hub with these channels has (None: all)."""
    if channels is None or all(one.channel in channels for one in person.contacts):
        return person
    return replace(person, contacts=tuple(one for one in person.contacts if one.channel in channels))


MOST_CONTACTS = 10
_ID = re.compile(r"[\w.@-]{1,64}", re.ASCII)
_MENTION = re.compile(r"[\w.@-]{0,64}", re.ASCII)
ADDRESSES = {
    ChannelName.WEBHOOK: re.compile(r"https?://\S{1,500}"),
    ChannelName.NTFY: re.compile(r"[\w-]{1,64}", re.ASCII),
    ChannelName.PAGE: re.compile(""),
    ChannelName.WECOM_APP: _ID,
    ChannelName.WECOM_ROBOT: _MENTION,
    ChannelName.DINGTALK: _MENTION,
    ChannelName.FEISHU: _MENTION,
    ChannelName.SMS: re.compile(r"\+?[0-9]{5,20}"),
    ChannelName.APPRISE: re.compile(r"[a-z_][a-z0-9_]*:\S{1,200}"),
}
"""What addresses look like, as far as that can be told beforehand; a browser writes that of Web Push by itself."""


def checked(contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    """The ways to reach somebody as staff have written them, in their order. Raises Invalid."""
    if len(contacts) > MOST_CONTACTS:
        raise Invalid("too_many_contacts", most=MOST_CONTACTS)
    for one in contacts:
        pattern = ADDRESSES.get(one.channel)
        if pattern is None:
            raise Invalid("contact_of_a_browser")
        if not pattern.fullmatch(one.address):
            raise Invalid("bad_address", channel=one.channel.value, address=one.address)
    return tuple(dict.fromkeys(contacts))
