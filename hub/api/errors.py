"""What went wrong, as JSON: the one place that turns errors into answers.

Every answer is `{"error": key, "message": a sentence in the caller's language}` with what the sentence names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.api.language import language_of
from hub.api.limits import MAX_BODY_BYTES
from hub.domain.errors import (
    Changed,
    DeviceSilent,
    DongdongError,
    Invalid,
    NoLink,
    NotFound,
    NotHeld,
    NotPermitted,
    NotSignedIn,
    NoVoice,
    OtherSite,
    OwnConfirmation,
    StepNotAllowed,
    TooManyTries,
    WrongPassword,
)
from hub.domain.words import explain
from hub.services.ports import CommitFailed

log = structlog.get_logger()

STATUS: Mapping[type[DongdongError], int] = {
    NotFound: 404,
    StepNotAllowed: 409,
    Changed: 409,
    NotHeld: 409,
    OwnConfirmation: 403,
    Invalid: 422,
    NotPermitted: 403,
    NotSignedIn: 401,
    WrongPassword: 401,
    TooManyTries: 429,
    OtherSite: 403,
    NoLink: 503,
    NoVoice: 503,
    DeviceSilent: 504,
}
"""By kind of error; what is not listed is a fault of ours, 500."""


class ErrorBody(BaseModel):
    """What every refusal looks like. Beside these two stand the things that the sentence names, such as `allowed`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {"error": "unknown_place", "message": "没有“9栋”这个地方，请从列表里选。", "place": "9栋"}
        },
    )

    error: str
    message: str


def answer_errors(app: FastAPI) -> None:
    """Has the application answer every error with an ErrorBody."""
    app.add_exception_handler(DongdongError, _business)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(CommitFailed, _not_stored)
    app.add_exception_handler(Exception, _broken)


def answer(request: Request, error: DongdongError, status: int | None = None) -> Response:
    """The error as an answer in the caller's language."""
    if status is None:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    body = {**error.params, "error": error.key, "message": explain(error, language_of(request))}
    return JSONResponse(body, status, headers)


async def _business(request: Request, error: Exception) -> Response:
    assert isinstance(error, DongdongError)
    return answer(request, error)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer(request, _first(error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 413:
            return answer(request, Invalid("body_too_large", most=MAX_BODY_BYTES // 1024), 413)
        case 400:
            return answer(request, Invalid("unreadable_body"))
        case status:
            return answer(request, Invalid("no_such_address" if status in (404, 405) else "error"), status)


async def _not_stored(request: Request, error: Exception) -> Response:
    log.error("request_not_stored", path=request.url.path, reason=str(error))
    return answer(request, Invalid("not_stored"), 503)


async def _broken(request: Request, error: Exception) -> Response:
    log.error("request_broke", path=request.url.path, exc_info=error)
    return answer(request, DongdongError())


_KEYS: Mapping[str, str] = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    "list_type": "field_not_list",
    "literal_error": "field_not_allowed",
    "enum": "field_not_allowed",
    "json_invalid": "unreadable_body",
}
"""pydantic's kinds of errors that have a sentence of their own."""


def _first(errors: Sequence[Mapping[str, Any]]) -> Invalid:
    """The first of pydantic's complaints as one of ours, naming the field and nothing of what was sent."""
    first = errors[0]
    kind, field = str(first["type"]), ".".join(str(part) for part in first["loc"][1:])
    if not field:
        return Invalid("unreadable_body")
    if kind in ("literal_error", "enum"):
        allowed = str(first["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").replace(", ", "/")
        return Invalid("field_not_allowed", field=field, allowed=allowed)
    if kind in _KEYS:
        return Invalid(_KEYS[kind], field=field)
    if kind.startswith("string_") and kind not in ("string_too_short", "string_too_long"):
        return Invalid("field_not_text", field=field)
    if kind.startswith(("int_", "float_", "bool_")):
        return Invalid("field_not_number", field=field)
    if kind.startswith(("greater_", "less_", "too_", "string_too_")):
        return Invalid("field_out_of_range", field=field)
    return Invalid("field_wrong", field=field)
