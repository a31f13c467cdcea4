"""Ids that sort by the time they were made: UUID version 7 (RFC 9562, 5.7)."""

from __future__ import annotations

import secrets
import uuid


def new_id(now_ms: int) -> str:
    """A fresh id; the first 48 bits are `now_ms`, the rest but for the version and variant is random."""
    value = (now_ms & (2**48 - 1)) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
