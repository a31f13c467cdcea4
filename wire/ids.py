"""Ids that sort by the time they were made: UUID version 7 (RFC 9562, 5.7)."""

from __future__ import annotations

import secrets

_VERSION_AND_VARIANT = 7 << 76 | 2 << 62


def new_id(now_ms: int) -> str:
    """A fresh id; the first 48 bits are `now_ms`, the rest but for the version and variant is random."""
    random = secrets.randbits(74)
    spread = (random >> 62) << 64 | random & (2**62 - 1)  # 12 bits before the variant, 62 after it
    digits = f"{(now_ms & (2**48 - 1)) << 80 | _VERSION_AND_VARIANT | spread:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
