"""Who may come in: accounts, sessions, tokens of programs, volunteers' personal links, and the very first account."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from hub.domain.errors import Invalid, NotFound, NotSignedIn, TooManyTries, WrongPassword
from hub.domain.people import Person, Role
from hub.services.ports import Account, Clock, Database, Grant, Tx
from wire.ids import new_id

DAY_MS = 24 * 3_600_000
SESSION_MS = 30 * DAY_MS
"""A duty desk that signs itself out at night is worse than a long session on a locked machine."""
MAX_TOKEN_DAYS = 3_660
PASSWORD_CHARACTERS = 10
"""At least; no rule on kinds of characters, which only makes passwords worse (NIST SP 800-63B, 5.1.1)."""
MAX_PASSWORD_CHARACTERS = 200
MAX_NAME_CHARACTERS = 60
TRIES_PER_NAME = RateLimitItemPerMinute(5)
"""From one address for one user name; so nobody is locked out by somebody else's tries."""
TRIES_PER_ADDRESS = RateLimitItemPerMinute(30)
HASHES_AT_ONCE = 2
"""Each takes 64 MiB and most of a core for a moment."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret just made, told once and stored only as its hash, with what it allows."""

    secret: str
    grant: Grant


class Access:
    """Signs people and programs in. Every secret is 32 random bytes; the tables hold its SHA-256."""

    def __init__(self, database: Database, clock: Clock, *, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._no_such_account = self._hasher.hash(secrets.token_hex())
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)
        self._tries = MovingWindowRateLimiter(MemoryStorage())

    async def is_first_start(self) -> bool:
        """Whether nobody has an account yet."""
        return not await self._database.read(lambda tx: tx.access.accounts())

    async def first_start(self, *, community: str, name: str, username: str, password: str) -> Issued:
        """Names the community and makes the first account, an administrator's; signs it in.

        Raises Invalid: `already_set_up` once there is any account.
        """
        community = _name(community, "community_name_missing")
        person, account = await self._prepared(name, username, password, Role.ADMIN)
        issued = self._issued("session", account.role, account.person_id, person.name, SESSION_MS)

        def job(tx: Tx) -> None:
            if tx.access.accounts():
                raise Invalid("already_set_up")
            tx.places.name_community(community)
            tx.people.add_people([person])
            tx.access.add_account(account)
            tx.access.add_grant(issued.grant)

        await self._database.write(job)
        return issued

    async def add_account(self, *, name: str, username: str, password: str, role: Role) -> Account:
        """An account for somebody new. Raises Invalid for a name that is taken or a password too weak."""
        person, account = await self._prepared(name, username, password, role)

        def job(tx: Tx) -> None:
            if tx.access.account(account.username) is not None:
                raise Invalid("username_taken", username=account.username)
            tx.people.add_people([person])
            tx.access.add_account(account)

        await self._database.write(job)
        return account

    async def sign_in(self, username: str, password: str, address: str) -> Issued:
        """A session. `address` is where the request came from. Raises WrongPassword, TooManyTries."""
        username = _plain(username).casefold()
        is_within = self._tries.hit(TRIES_PER_ADDRESS, address) and self._tries.hit(TRIES_PER_NAME, address, username)
        if not is_within:
            raise TooManyTries
        account = await self._database.read(lambda tx: tx.access.account(username))
        known = account.password_hash if account is not None else self._no_such_account
        if not await self._is_password(known, password) or account is None:
            raise WrongPassword
        people = await self._database.read(lambda tx: tx.people.people([account.person_id]))
        name = people[account.person_id].name
        issued = self._issued("session", account.role, account.person_id, name, SESSION_MS)
        await self._database.write(lambda tx: tx.access.add_grant(issued.grant))
        return issued

    async def sign_out(self, secret: str) -> None:
        """Ends the session or token; an unknown one is no error."""
        await self._database.write(lambda tx: tx.access.drop_grant(hashed(secret)))

    async def authenticate(self, secret: str) -> Grant:
        """What a session or token allows. Raises NotSignedIn."""
        now_ms = self._clock.now_ms()
        grant = await self._database.read(lambda tx: tx.access.grant(hashed(secret), now_ms))
        if grant is None:
            raise NotSignedIn
        return grant

    async def new_token(self, *, role: Role, name: str, days: int = 365) -> Issued:
        """A token for a program, with an end date; `grant.hash` names it for `revoke`. Raises Invalid."""
        if not 1 <= days <= MAX_TOKEN_DAYS:
            raise Invalid("days_out_of_range", most=MAX_TOKEN_DAYS)
        issued = self._issued("token", role, None, _name(name, "name_missing"), days * DAY_MS)
        await self._database.write(lambda tx: tx.access.add_grant(issued.grant))
        return issued

    async def revoke(self, grant_hash: str) -> None:
        """Ends a session or token by its hash at once. Raises NotFound."""
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> None:
            if tx.access.grant(grant_hash, now_ms) is None:
                raise NotFound(what="token", id=grant_hash)
            tx.access.drop_grant(grant_hash)

        await self._database.write(job)

    async def new_link(self, person_id: str) -> str:
        """The secret of a person's own page, which stands in its address; the one before ends. Raises NotFound."""
        secret = secrets.token_urlsafe(32)

        def job(tx: Tx) -> None:
            if not tx.people.people([person_id]):
                raise NotFound(what="person", id=person_id)
            tx.people.set_link(person_id, hashed(secret))

        await self._database.write(job)
        return secret

    async def by_link(self, secret: str) -> Grant:
        """What a personal link allows: a volunteer's part in the alerts they were asked about. Raises NotSignedIn."""
        link_hash, now_ms = hashed(secret), self._clock.now_ms()
        person = await self._database.read(lambda tx: tx.people.by_link(link_hash))
        if person is None:
            raise NotSignedIn
        return Grant(link_hash, Role.VOLUNTEER, person.id, person.name, now_ms, now_ms + SESSION_MS, kind="link")

    async def _prepared(self, name: str, username: str, password: str, role: Role) -> tuple[Person, Account]:
        username = _name(username, "username_missing").casefold()
        _check_password(password)
        async with self._hashing:
            password_hash = await asyncio.to_thread(self._hasher.hash, _bytes(password))
        now_ms = self._clock.now_ms()
        person = Person(new_id(now_ms), _name(name, "name_missing"))
        return person, Account(new_id(now_ms), person.id, username, password_hash, role)

    async def _is_password(self, password_hash: str, password: str) -> bool:
        async with self._hashing:
            try:
                given = _bytes(password[: MAX_PASSWORD_CHARACTERS + 1])
                return await asyncio.to_thread(self._hasher.verify, password_hash, given)
            except (VerificationError, InvalidHashError):
                return False

    def _issued(self, kind: str, role: Role, person_id: str | None, name: str, lasts_ms: int) -> Issued:
        secret, now_ms = secrets.token_urlsafe(32), self._clock.now_ms()
        return Issued(secret, Grant(hashed(secret), role, person_id, name, now_ms, now_ms + lasts_ms, kind=kind))


def hashed(secret: str) -> str:
    """How a secret is stored. It is random and long, so a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _check_password(password: str) -> None:
    if len(password) < PASSWORD_CHARACTERS:
        raise Invalid("password_too_short", least=PASSWORD_CHARACTERS)
    if len(password) > MAX_PASSWORD_CHARACTERS:
        raise Invalid("password_too_long", most=MAX_PASSWORD_CHARACTERS)


def _plain(text: str) -> str:
    """The same characters however a keyboard composed them."""
    return unicodedata.normalize("NFKC", text).strip()


def _bytes(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _name(text: str, missing: str) -> str:
    text = _plain(text)
    if not text:
        raise Invalid(missing)
    if len(text) > MAX_NAME_CHARACTERS:
        raise Invalid("name_too_long", most=MAX_NAME_CHARACTERS)
    return text
