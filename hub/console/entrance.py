"""The way in and out: first start, sign-in, sign-out, and how somebody likes the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.console import mistakes
from hub.console.console import Console, Here
from hub.console.language import LANGUAGES
from hub.console.visitor import SIZES, taste
from hub.domain.errors import DongdongError, Invalid, NotSignedIn
from hub.services.access import SESSION_MS, Issued
from hub.services.ports import Community
from hub.services.served import SESSION_COOKIE

HOME = "/desk"
YEAR_S = 365 * 24 * 3600


router = APIRouter()


async def door(
    console: Console,
    request: Request,
    template: str,
    context: Mapping[str, object],
    community: Community | None,
    status: int = 200,
) -> HTMLResponse:
    """A page before the sign-in."""
    liked = taste(request)
    frame = console.frame(request, liked, community)
    return console.pages.html(template, liked.language, {**frame, **context}, status)


@router.get("/")
async def home(console: Here, request: Request) -> RedirectResponse:
    if await console.services.access.is_first_start():
        return RedirectResponse("/welcome", 303)
    try:
        await console.visitor(request)
    except NotSignedIn:
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse(HOME, 303)


@router.get("/welcome")
async def show_welcome(console: Here, request: Request) -> Response:
    if not await console.services.access.is_first_start():
        return RedirectResponse("/", 303)
    empty = {"community": "", "name": "", "username": ""}
    return await door(console, request, "welcome.html", {"mistake": "", "filled": empty}, None)


@router.post("/welcome")
async def welcome(
    console: Here,
    request: Request,
    community: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    try:
        issued = await console.services.access.first_start(
            community=community, name=name, username=username, password=password
        )
    except Invalid as error:
        filled = {"community": community, "name": name, "username": username}
        context = {"mistake": mistakes.sentence(error, taste(request).language), "filled": filled}
        return await door(console, request, "welcome.html", context, None, mistakes.status(error))
    return signed_in(HOME, issued)


@router.get("/sign-in")
async def show_sign_in(console: Here, request: Request, next: str = "") -> Response:  # noqa: A002  # its name in the address
    if await console.services.access.is_first_start():
        return RedirectResponse("/welcome", 303)
    context = {"mistake": "", "username": "", "next": inside(next)}
    return await door(console, request, "sign_in.html", context, await console.community())


@router.post("/sign-in")
async def sign_in(
    console: Here,
    request: Request,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002
) -> Response:
    address = request.client.host if request.client else ""
    try:
        issued = await console.services.access.sign_in(username, password, address)
    except DongdongError as error:
        sentence = mistakes.sentence(error, taste(request).language)
        context = {"mistake": sentence, "username": username, "next": inside(next)}
        return await door(console, request, "sign_in.html", context, await console.community(), mistakes.status(error))
    return signed_in(inside(next) or HOME, issued)


@router.post("/sign-out")
async def sign_out(console: Here, request: Request) -> RedirectResponse:
    await console.services.access.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


@router.post("/taste")
async def choose(
    back: Annotated[str, Form()] = "/",
    language: Annotated[str, Form()] = "",
    size: Annotated[str, Form()] = "",
) -> RedirectResponse:
    answer = RedirectResponse(inside(back) or "/", 303)
    for name, value, known in (("language", language, tuple(LANGUAGES)), ("size", size, SIZES)):
        if value in known:
            answer.set_cookie(name, value, max_age=YEAR_S, httponly=True, samesite="lax")
    return answer


def signed_in(to: str, issued: Issued) -> RedirectResponse:
    """On to the page, with the session's secret where scripts and other sites do not reach it."""
    answer = RedirectResponse(to, 303)
    answer.set_cookie(
        SESSION_COOKIE, issued.secret, max_age=SESSION_MS // 1000, secure=True, httponly=True, samesite="lax", path="/"
    )
    return answer


def inside(address: str) -> str:
    """The address if it is a page of ours, else nothing: a link must not lead through our sign-in to another site."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else ""
