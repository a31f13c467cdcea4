"""The cryptography of Web Push: a message that only the browser reads (RFC 8291), and who sends it (RFC 8292)."""

from __future__ import annotations

import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.domain.subscription import Subscription, encode

RECORD_BYTES = 4_096
"""One record holds the whole message; every push service takes so much (RFC 8030, 7.2)."""
LAST_RECORD = b"\x02"
VALID_S = 3_600
"""A proof may hold for a day at most (RFC 8292, 2)."""


def encrypted(
    subscription: Subscription,
    text: bytes,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body in `aes128gcm`; `own` and `salt` are made for each message unless a test gives them.

    Raises ValueError for a key that lies not on the curve, and for a text that fills more than one record.
    """
    if len(text) > RECORD_BYTES - 16 - len(LAST_RECORD):
        raise ValueError("text too long for one record")
    own = own or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), subscription.key)
    own_public = public_bytes(own)
    info = b"WebPush: info\0" + subscription.key + own_public
    shared = _derived(subscription.secret, own.exchange(ec.ECDH(), theirs), info, 32)
    key = _derived(salt, shared, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, shared, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(own_public)]) + own_public
    return header + AESGCM(key).encrypt(nonce, text + LAST_RECORD, None)


def authorization(key: ec.EllipticCurvePrivateKey, origin: str, contact: str, now_s: int) -> str:
    """The header that proves to the push service at `origin` who sends; `contact` is whom it may write to."""
    claims = {"aud": origin, "exp": now_s + VALID_S, "sub": contact}
    to_sign = f"{_part({'typ': 'JWT', 'alg': 'ES256'})}.{_part(claims)}"
    r, s = decode_dss_signature(key.sign(to_sign.encode(), ec.ECDSA(hashes.SHA256())))
    signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={to_sign}.{signature}, k={encode(public_bytes(key))}"


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as an uncompressed point: what a browser wants as applicationServerKey."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _part(value: object) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
