"""What requests may hold, wherever a noun's router needs a body: unknown fields are refused, not ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from hub.api.errors import ErrorBody


class Body(BaseModel):
    """A misspelt `play_at_ms` must not play at once: what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of these error answers beside those that any request may get, all of one shape."""
    return {status: {"model": ErrorBody} for status in (401, 403, 422, *statuses)}
