"""The hub for programs: JSON under /api/v1, described by OpenAPI."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from hub.api import alerts, announcements, desk, devices, heard, ladders, people, places, rota, score, tokens, working
from hub.api.errors import answer_errors
from hub.api.limits import BodyLimit
from hub.services.served import Services

PREFIX = "/api/v1"
DESCRIPTION = """A community hub that speaks to every building and hears every elder.

Times are milliseconds since the Unix epoch. Refusals are `{"error", "message"}` with a sentence in the language of
`Accept-Language` (Chinese unless it is English) that says what to change.
"""


def build_api(services: Services) -> FastAPI:
    """The application; pages may be mounted below it, at `/`."""
    app = FastAPI(
        title="栋栋响 dongdong",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.services = services
    app.add_middleware(BodyLimit)
    answer_errors(app)
    for noun in (alerts, announcements, desk, devices, heard, ladders, people, places, score, rota, tokens):
        app.include_router(noun.router, prefix=PREFIX)
    app.include_router(working.router)
    app.add_api_route(
        "/api/{rest:path}", _nothing_here, methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
    return app


async def _nothing_here(rest: str) -> None:
    """Keeps unknown addresses of the API from falling through to the pages."""
    raise HTTPException(404)
