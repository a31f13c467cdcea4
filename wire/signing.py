"""Signatures of what the hub sends: Ed25519 over the exact payload bytes, carried in user properties."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_PROPERTY = "key"
SIGNATURE_PROPERTY = "sig"
SIGNATURE_BYTES = 64


class Refused(Exception):
    """A payload that a device must not act on; `reason` is what it reports."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


class SigningKey:
    """The hub's key; its 32 secret bytes never leave the hub's data folder."""

    def __init__(self, secret: bytes) -> None:
        """Takes 32 bytes; raises ValueError for any other length."""
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.public_bytes = self._private.public_key().public_bytes_raw()
        self.key_id = _key_id(self.public_bytes)

    @classmethod
    def generate(cls) -> Self:
        """A new key."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def secret_bytes(self) -> bytes:
        """The 32 bytes to keep."""
        return self._private.private_bytes_raw()

    def sign(self, payload: bytes) -> list[tuple[str, str]]:
        """The MQTT 5 user properties that go with exactly these bytes."""
        signature = base64.b64encode(self.sign_raw(payload)).decode("ascii")
        return [(KEY_PROPERTY, self.key_id), (SIGNATURE_PROPERTY, signature)]

    def sign_raw(self, payload: bytes) -> bytes:
        """The SIGNATURE_BYTES alone, for what is signed within its payload."""
        return self._private.sign(payload)


class VerifyKeys:
    """The hub keys that a device trusts, by key id."""

    def __init__(self, public_keys: list[bytes]) -> None:
        """Takes raw public keys of 32 bytes each; raises ValueError for any other length."""
        self._keys = {_key_id(raw): Ed25519PublicKey.from_public_bytes(raw) for raw in public_keys}

    def check(self, payload: bytes, properties: Mapping[str, str]) -> None:
        """Returns when a trusted key signed exactly these bytes; raises Refused otherwise."""
        key_id, signature = properties.get(KEY_PROPERTY), properties.get(SIGNATURE_PROPERTY)
        if key_id is None or signature is None:
            raise Refused("unsigned")
        key = self._keys.get(key_id)
        if key is None:
            raise Refused("unknown key")
        try:
            key.verify(base64.b64decode(signature, validate=True), payload)
        except (InvalidSignature, binascii.Error, ValueError):
            raise Refused("bad signature") from None

    def check_raw(self, payload: bytes, signature: bytes) -> None:
        """Returns when any trusted key made this signature of exactly these bytes; raises Refused otherwise."""
        for key in self._keys.values():
            with suppress(InvalidSignature):
                key.verify(signature, payload)
                return
        raise Refused("bad signature")
