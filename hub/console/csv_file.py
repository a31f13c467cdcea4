"""A table as a file that spreadsheets open."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence

from starlette.responses import Response, StreamingResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With any of these first a spreadsheet would compute a cell instead of showing it."""


def csv_file(name: str, head: Sequence[str], pieces: AsyncIterable[Iterable[Sequence[object]]]) -> Response:
    """The answer that downloads it as `name`, each piece of its rows sent as soon as it is there.

    UTF-8 with the mark by which Excel knows it. A piece that fails ends the download as broken off, not as whole.
    """

    async def content() -> AsyncIterator[bytes]:
        yield b"\xef\xbb\xbf" + _lines([head])
        async for rows in pieces:
            yield _lines([_cell(value) for value in row] for row in rows)

    return StreamingResponse(
        content(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
