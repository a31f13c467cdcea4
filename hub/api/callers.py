"""Who is calling, and whether they may: a bearer token, or the session cookie of one of our own pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hub.domain.errors import NotFound, NotPermitted, NotSignedIn, OtherSite
from hub.domain.people import Role
from hub.services.ports import Grant
from hub.services.served import SESSION_COOKIE, Services, is_own_page
from hub.services.views import is_asked

_BEARER = HTTPBearer(
    auto_error=False,
    description="A token made by `dongdong token --role …` or by POST /api/v1/tokens. Pages send their session cookie.",
)
_READING = ("GET", "HEAD", "OPTIONS")


def served(request: Request) -> Services:
    """The services of this application."""
    services: Services = request.app.state.services
    return services


Served = Annotated[Services, Depends(served)]


async def caller(
    request: Request, services: Served, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Grant:
    """What the caller's token or session allows. Raises NotSignedIn, OtherSite."""
    if bearer is not None:
        return await services.access.authenticate(bearer.credentials)
    secret = request.cookies.get(SESSION_COOKIE)
    if secret is None:
        raise NotSignedIn
    if request.method not in _READING and not _is_own(request):
        raise OtherSite
    return await services.access.authenticate(secret)


def _is_own(request: Request) -> bool:
    headers = request.headers
    return is_own_page(headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host"))


def _having(*roles: Role) -> Any:  # FastAPI types Depends as Any
    async def check(grant: Annotated[Grant, Depends(caller)]) -> Grant:
        if grant.role not in roles:
            raise NotPermitted(role=grant.role.value)
        return grant

    return Depends(check)


Anyone = Annotated[Grant, _having(*Role)]
Admin = Annotated[Grant, _having(Role.ADMIN)]
Staff = Annotated[Grant, _having(Role.ADMIN, Role.STAFF)]
Responder = Annotated[Grant, _having(Role.ADMIN, Role.STAFF, Role.VOLUNTEER)]
AlertReader = Annotated[Grant, _having(Role.ADMIN, Role.STAFF, Role.OBSERVER, Role.VOLUNTEER)]
Technician = Annotated[Grant, _having(Role.ADMIN, Role.STAFF, Role.TECHNICIAN)]
Onlooker = Annotated[Grant, _having(Role.ADMIN, Role.STAFF, Role.TECHNICIAN, Role.OBSERVER)]


def asked_only(grant: Grant) -> str | None:
    """Whose alerts the caller may see: a volunteer those they were asked about, None for all."""
    return (grant.person_id or "") if grant.role is Role.VOLUNTEER else None


async def check_may_see(services: Services, grant: Grant, alert_id: str) -> None:
    """Raises NotFound for an alert that a volunteer was not asked about, as if there were none."""
    asked = asked_only(grant)
    if asked is not None and not await services.database.read(lambda tx: is_asked(tx, alert_id, asked)):
        raise NotFound(what="alert", id=alert_id)


async def check_may_answer(services: Services, grant: Grant, alert_id: str, by: str) -> None:
    """A volunteer answers for themselves only, and only what they were asked. Raises NotFound, NotPermitted."""
    await check_may_see(services, grant, alert_id)
    if grant.role is Role.VOLUNTEER and by != grant.person_id:
        raise NotPermitted(role=grant.role.value)
