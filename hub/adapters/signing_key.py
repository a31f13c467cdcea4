"""The key that signs what devices are told: 32 bytes in a file that only the hub reads."""

from __future__ import annotations

from pathlib import Path

from hub.adapters.whole_files import locked, replace_text
from wire.signing import SigningKey

FILE = "signing.key"


def signing_key(folder: Path) -> SigningKey:
    """The key in `folder`, made at the first call. Every device is set up with its public half."""
    path = folder / FILE
    with locked(folder):
        if not path.exists():
            replace_text(path, SigningKey.generate().secret_bytes.hex())
        return SigningKey(bytes.fromhex(path.read_text(encoding="ascii")))
