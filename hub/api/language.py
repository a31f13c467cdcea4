"""In which language a caller is answered."""

from __future__ import annotations

from starlette.requests import Request


def language_of(request: Request) -> str:
    """`en` when the first of Accept-Language's ranges is English, else `zh`."""
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "en" if first.split(";")[0].split("-")[0] == "en" else "zh"
