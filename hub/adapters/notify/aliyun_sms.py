"""阿里云短信 SendSms, signed as help.aliyun.com documents it: ACS3-HMAC-SHA256 (V3, document 2593177)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import aiohttp

from hub.adapters.notify.answers import ask
from hub.services.ports import ChannelFailed, Clock

ACTION, VERSION = "SendSms", "2017-05-25"
TRIED_AGAIN = ("isv.BUSINESS_LIMIT_CONTROL",)
"""Of the codes that blame the caller the one that may pass: too many to this number within a minute."""
FINAL = (
    "isv.",
    "isp.RAM_PERMISSION_DENY",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "Forbidden",
    "InvalidTimeStamp",
)
"""Codes begin so when no further try changes them: template, sign name, number, money, access key."""
EMPTY_BODY = hashlib.sha256(b"").hexdigest()


class AliyunSms:
    """Fills sms.Carrier. `api` is the service's address, `sign_name` the approved 短信签名."""

    def __init__(
        self, session: aiohttp.ClientSession, api: str, key_id: str, secret: str, sign_name: str, clock: Clock
    ) -> None:
        self._session = session
        self._api = api.rstrip("/")
        self._key_id = key_id
        self._secret = secret
        self._sign_name = sign_name
        self._clock = clock

    async def text(self, number: str, template: str, variables: Mapping[str, str]) -> None:
        """Returns when Aliyun took it (Code OK in a 200 answer); raises ChannelFailed otherwise."""
        query = {
            "PhoneNumbers": number,
            "SignName": self._sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps(dict(variables), ensure_ascii=False),
        }
        now = dt.datetime.fromtimestamp(self._clock.now_ms() / 1_000, dt.UTC)
        headers = {
            "host": urlsplit(self._api).netloc,
            "x-acs-action": ACTION,
            "x-acs-content-sha256": EMPTY_BODY,
            "x-acs-date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": VERSION,
        }
        headers["Authorization"] = authorization(self._key_id, self._secret, query, headers)
        answer = await ask(self._session, "POST", f"{self._api}/", params=query, headers=headers)
        code = answer.text("Code")
        if answer.status != 200 or code != "OK":
            is_final = code.startswith(FINAL) and code not in TRIED_AGAIN
            raise ChannelFailed(f"{code or 'no code'}, HTTP {answer.status}", is_final=is_final)


def authorization(key_id: str, secret: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The header that signs a POST without a body to `/`; all `headers` are signed, their names in small letters."""
    canonical_query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(query.items()))
    canonical_headers = "".join(f"{name}:{value.strip()}\n" for name, value in sorted(headers.items()))
    signed = ";".join(sorted(headers))
    request = "\n".join(["POST", "/", canonical_query, canonical_headers, signed, headers["x-acs-content-sha256"]])
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(secret.encode(), to_sign.encode(), hashlib.sha256).hex()
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={signed},Signature={signature}"


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
