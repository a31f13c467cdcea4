"""A push subscription: what a browser gives out so that it can be reached while no page is open (RFC 8030, 8291)."""

from __future__ import annotations

import base64
import ipaddress
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub.domain.errors import Invalid

MOST_CHARACTERS = 2_000
"""Subscriptions of today's push services are 300-600 characters long."""
KEY_BYTES, SECRET_BYTES = 65, 16
"""An uncompressed point of P-256, and the secret that goes with it (RFC 8291, 3.2)."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """`endpoint` is where the push service takes messages; only the browser reads what `key` and `secret` close."""

    endpoint: str
    key: bytes
    secret: bytes

    @property
    def origin(self) -> str:
        """Scheme, host and port of the push service."""
        url = urlsplit(self.endpoint)
        return f"{url.scheme}://{url.netloc}"

    def as_text(self) -> str:
        """As a contact's address; the same subscription is always the same text."""
        keys = {"p256dh": encode(self.key), "auth": encode(self.secret)}
        return json.dumps({"endpoint": self.endpoint, "keys": keys}, separators=(",", ":"))


def read_subscription(text: str) -> Subscription:
    """The subscription that a browser writes as JSON. Raises Invalid when it is none."""
    try:
        body = json.loads(text[: MOST_CHARACTERS + 1])
        endpoint, keys = str(body["endpoint"]), body["keys"]
        key, secret = decode(str(keys["p256dh"])), decode(str(keys["auth"]))
        urlsplit(endpoint).port  # noqa: B018  # raises for an address that is none
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid("bad_subscription") from error
    if len(text) > MOST_CHARACTERS or len(key) != KEY_BYTES or key[0] != 4 or len(secret) != SECRET_BYTES:
        raise Invalid("bad_subscription")
    return Subscription(endpoint, key, secret)


def is_public(endpoint: str) -> bool:
    """Whether it can be a push service out there, and nothing in the hub's own network that a page wants called."""
    url = urlsplit(endpoint)
    host = url.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_name = "." in host and not host.endswith((".local", ".internal", ".localhost", ".lan", ".home.arpa"))
        return url.scheme == "https" and url.port in (None, 443) and is_name and url.username is None
    return False


def encode(raw: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """What `encode` wrote, with or without padding. Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
