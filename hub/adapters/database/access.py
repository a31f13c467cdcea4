"""Accounts, sessions and tokens, in tables."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from hub.adapters.database import tables
from hub.adapters.database.rows import COMMUNITY, columns, insert_values
from hub.services.ports import Account, Grant

_ACCOUNT, _GRANT = tables.account.c, tables.access_grant.c
_ACCOUNTS = select(*columns(tables.account, Account)).where(_ACCOUNT.community_id == COMMUNITY)
_ALL_ACCOUNTS = _ACCOUNTS.order_by(_ACCOUNT.username)
_BY_USERNAME = _ACCOUNTS.where(_ACCOUNT.username == bindparam("username"))
_LIVE_GRANT = select(*columns(tables.access_grant, Grant)).where(
    _GRANT.community_id == COMMUNITY, _GRANT.hash == bindparam("hash"), _GRANT.expires_ms > bindparam("now")
)
_DROP_GRANT = tables.access_grant.delete().where(_GRANT.community_id == COMMUNITY, _GRANT.hash == bindparam("hash"))


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """Fills ports.AccessStore."""

    connection: Connection
    community_id: int

    def accounts(self) -> list[Account]:
        """All accounts, by user name."""
        rows = self.connection.execute(_ALL_ACCOUNTS, {"community": self.community_id})
        return [Account(*row) for row in rows]

    def account(self, username: str) -> Account | None:
        """The account with exactly this user name, or None."""
        row = self.connection.execute(
            _BY_USERNAME, {"community": self.community_id, "username": username}
        ).one_or_none()
        return None if row is None else Account(*row)

    def add_account(self, account: Account) -> None:
        """Adds an account; its person must exist."""
        insert_values(self.connection, tables.account, self.community_id, [account])

    def add_grant(self, grant: Grant) -> None:
        """Adds a session or a token."""
        insert_values(self.connection, tables.access_grant, self.community_id, [grant])

    def grant(self, secret_hash: str, now_ms: int) -> Grant | None:
        """The grant, unless it has expired."""
        parameters = {"community": self.community_id, "hash": secret_hash, "now": now_ms}
        row = self.connection.execute(_LIVE_GRANT, parameters).one_or_none()
        return None if row is None else Grant(*row)

    def drop_grant(self, secret_hash: str) -> None:
        """Ends a session or a token; one that is not there changes nothing."""
        self.connection.execute(_DROP_GRANT, {"community": self.community_id, "hash": secret_hash})
