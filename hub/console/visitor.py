"""Who looks at a page, and how: the session's person and role, the language, the size of the text."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from hub.console.language import LANGUAGES
from hub.domain.people import Role

SIZES = ("standard", "large", "huge")
MAY_ACT = (Role.ADMIN, Role.STAFF)
MAY_MEND = (Role.ADMIN, Role.STAFF, Role.TECHNICIAN)


@dataclass(frozen=True, slots=True)
class Taste:
    """How somebody likes the pages: language zh or en, size standard, large or huge."""

    language: str
    size: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has signed in. `person_id` is who acts in the journal."""

    person_id: str
    name: str
    role: Role
    taste: Taste

    @property
    def may_act(self) -> bool:
        """Whether alerts may be answered and announcements made."""
        return self.role in MAY_ACT

    @property
    def may_mend(self) -> bool:
        """Whether devices may be tested."""
        return self.role in MAY_MEND


def taste(request: HTTPConnection, otherwise: str = "zh") -> Taste:
    """What the cookies say; `otherwise` is the language of whoever has not chosen one."""
    language, size = request.cookies.get("language", otherwise), request.cookies.get("size", SIZES[0])
    return Taste(language if language in LANGUAGES else "zh", size if size in SIZES else SIZES[0])
