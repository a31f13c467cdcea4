"""What every page stands on: the services, the templates, the live parts, and who is looking."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from hub.console.live import Live
from hub.console.once import Once
from hub.console.pages import Pages, acted
from hub.console.parts import Key
from hub.console.streams import EventStream
from hub.console.visitor import Taste, Visitor, taste
from hub.domain.errors import NotPermitted, NotSignedIn
from hub.services.ports import Community
from hub.services.served import SESSION_COOKIE, Services
from wire.ids import new_id

ON_EVERY_PAGE = ("trouble", "alarm", "held")


@dataclass(frozen=True)
class Console:
    """Shared by the routers. `once` keeps a form that was sent twice from acting twice."""

    services: Services
    pages: Pages
    live: Live
    once: Once[str] = field(default_factory=Once)

    async def visitor(self, request: Request) -> Visitor:
        """Who has signed in. Raises NotSignedIn; a personal link and a program's token are no sign-in."""
        secret = request.cookies.get(SESSION_COOKIE)
        if not secret:
            raise NotSignedIn
        grant = await self.services.access.authenticate(secret)
        if grant.person_id is None:
            raise NotSignedIn
        return Visitor(grant.person_id, grant.name, grant.role, taste(request))

    async def page(
        self,
        request: Request,
        visitor: Visitor,
        name: str,
        parts: Collection[str],
        *,
        live: str,
        about: str = "",
        context: Mapping[str, object] | None = None,
    ) -> HTMLResponse:
        """A page of somebody signed in. `name` is its template and its place in the navigation.

        `parts` live, on the stream at the address `live`, and are about `about`.
        """
        html = await self.live.html(keys(visitor, parts, about))
        community = await self.community()
        basis = {
            "page": name,
            "visitor": visitor,
            "may_act": visitor.may_act,
            "live": live,
            "parts": {part: Markup(text) for part, text in html.items()},  # noqa: S704  # rendered by us, escaped there
        }
        return self.pages.html(
            f"{name}.html",
            visitor.taste.language,
            {**self.frame(request, visitor.taste, community), **basis, **(context or {})},
        )

    def frame(self, request: Request, liked: Taste, community: Community | None) -> dict[str, object]:
        """What every page needs, whoever looks."""
        return {
            "community": community.name if community else "",
            "zone": community.timezone if community else "UTC",
            "now_ms": self.services.clock.now_ms(),
            "taste": liked,
            "here": request.url.path,
            "live": "",
        }

    async def community(self) -> Community:
        """The community that this hub serves."""
        return await self.services.database.read(lambda tx: tx.places.community())

    def stream(self, visitor: Visitor, parts: Collection[str], about: str = "") -> EventStream:
        """The live parts of an open page."""
        return self.events(keys(visitor, parts, about), visitor.person_id)

    def events(self, parts: Collection[Key], person_id: str) -> EventStream:
        """The stream of an open page of this person."""
        return EventStream(self.live.stream(parts, person_id))

    def new_key(self) -> str:
        """Names one filling of a form."""
        return new_id(self.services.clock.now_ms())

    def acted(self, language: str, text: str, *, undo: Mapping[str, str] | None = None, **params: object) -> Response:
        """The answer to a form that was taken: a sentence to say; it is marked for the catalogue where it stands.

        `undo` as in pages.acted.
        """
        return acted(self.pages.sentence(language, text, **params), undo)


def keys(visitor: Visitor, parts: Collection[str], about: str) -> list[Key]:
    """The renderings that this visitor sees; what is about nothing in particular is the same for all.

    Whoever made an announcement is not asked to confirm it, so what is held is about who looks, if they may act.
    """
    whose = {"held": visitor.person_id if visitor.may_act else ""}
    common = [Key(part, whose.get(part, ""), visitor.taste.language, visitor.may_act) for part in ON_EVERY_PAGE]
    right = {"devices": visitor.may_mend}
    return common + [Key(part, about, visitor.taste.language, right.get(part, visitor.may_act)) for part in parts]


def here(request: Request) -> Console:
    """The console whose page is asked for."""
    console: Console = request.app.state.console
    return console


Here = Annotated[Console, Depends(here)]


async def visitor(request: Request, console: Here) -> Visitor:
    """Whoever has signed in. Raises NotSignedIn."""
    return await console.visitor(request)


Seeing = Annotated[Visitor, Depends(visitor)]


def actor(visitor: Seeing) -> Visitor:
    """A visitor who may answer alerts and make announcements. Raises NotPermitted."""
    if not visitor.may_act:
        raise NotPermitted(role=visitor.role.value)
    return visitor


def mender(visitor: Seeing) -> Visitor:
    """A visitor who may test devices. Raises NotPermitted."""
    if not visitor.may_mend:
        raise NotPermitted(role=visitor.role.value)
    return visitor


Acting = Annotated[Visitor, Depends(actor)]
Mending = Annotated[Visitor, Depends(mender)]
