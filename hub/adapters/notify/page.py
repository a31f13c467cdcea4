"""The open page: reaches a person only while a page of theirs is open."""

from __future__ import annotations

from collections.abc import Callable

from hub.services.ports import NO_PAGE_OPEN, ChannelFailed, Message, Notification


class OpenPage:
    """`is_open` says whether a live page of this person, or a duty desk that they have open, is listening now."""

    def __init__(self, is_open: Callable[[str], bool]) -> None:
        self._is_open = is_open

    def reaches(self, person_id: str) -> bool | None:
        """An open page does; a closed one may be opened at any moment, so it tells nothing."""
        return True if self._is_open(person_id) else None

    async def send(self, notification: Notification, message: Message) -> None:
        """Pages show every alert from the database; here only whether one is there to see it."""
        if notification.person_id is None or not self._is_open(notification.person_id):
            raise ChannelFailed(NO_PAGE_OPEN, is_final=True)
