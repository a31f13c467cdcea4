"""A browser that has subscribed: it opens what a push service brings it, written from RFC 8291 by itself."""

from __future__ import annotations

import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.adapters.notify.push_encryption import public_bytes
from hub.domain.subscription import Subscription


class Browser:
    """Its subscription, as it would give it to the page."""

    def __init__(self, endpoint: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)
        self.subscription = Subscription(endpoint, public_bytes(self._key), self._secret).as_text()

    def opened(self, body: bytes) -> dict[str, Any]:
        """What a message says; raises when it is not for this browser."""
        salt, length = body[:16], body[20]
        assert int.from_bytes(body[16:20], "big") >= len(body) - 21 - length
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        info = b"WebPush: info\x00" + public_bytes(self._key) + sender
        shared = self._hkdf(self._secret, self._key.exchange(ec.ECDH(), theirs), info, 32)
        key = self._hkdf(salt, shared, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = self._hkdf(salt, shared, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert plain[-1:] == b"\x02"
        shown: dict[str, Any] = json.loads(plain[:-1])
        return shown

    @staticmethod
    def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
