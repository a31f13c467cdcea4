"""In which order somebody is reached: the first way at once, the next when it has failed, and some beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hub.domain.people import ChannelName, Contact

BESIDE = frozenset({ChannelName.PAGE, ChannelName.WEB_PUSH})
"""Used at once with whichever way is first, and never in its place: nobody may be looking at an open page, and a push
service that took a message cannot reach every phone (FCM is not to be had in mainland China)."""


def first_ways(contacts: Sequence[Contact]) -> list[Contact]:
    """The ways by which a message goes out at once: the first in the person's order, and those beside it."""
    first = next((one for one in contacts if one.channel not in BESIDE), None)
    return [one for one in contacts if one.channel in BESIDE or one == first]


def next_way(contacts: Sequence[Contact], tried: Collection[Contact], failed: Collection[Contact]) -> Contact | None:
    """The way to use now that some of the tried ones have failed; None while another may still arrive, or at the end.

    `failed` are those that no further try is expected to mend soon; they may still be tried again.
    """
    ordered = [one for one in contacts if one.channel not in BESIDE]
    if any(one in tried and one not in failed for one in ordered):
        return None
    return next((one for one in ordered if one not in tried), None)
