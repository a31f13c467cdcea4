"""The key that proves to push services who sends: made once, since every phone's subscription is bound to it."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from hub.adapters.whole_files import locked, replace_text

FILE = "vapid.key"


def vapid_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key in `folder`, made at the first call. Without it every phone has to be set up anew."""
    path = folder / FILE
    with locked(folder):
        if not path.exists():
            made = ec.generate_private_key(ec.SECP256R1())
            replace_text(path, f"{made.private_numbers().private_value:064x}")
        return ec.derive_private_key(int(path.read_text(encoding="ascii"), 16), ec.SECP256R1())
