"""People who sign in, their sessions, and tokens of services. Secrets are stored as SHA-256 of 256 random bits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from scrm.core.access import Actor, Role
from scrm.core.errors import Conflict, NotFound
from scrm.store import schema
from scrm.store.work import Noun

_users, _sessions, _tokens, _keys = schema.users, schema.sessions, schema.tokens, schema.idempotency_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in person. `csrf` must come with every request that changes something."""

    actor: Actor
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    id: int
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def fingerprint(secret: str) -> str:
    """How a secret is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Accounts(Noun):
    async def add(
        self, *, login: str, name: str, role: Role, password_hash: str, provider_ids: Sequence[str] = ()
    ) -> Actor:
        """A new account. `Conflict` when the login is taken."""
        if await self.find(login) is not None:
            raise Conflict(f"the login {login!r} is taken")
        user_id = self._work.ids.next()
        await self._work.insert(
            _users,
            [
                {
                    "id": user_id,
                    "login": login,
                    "name": name,
                    "role": role,
                    "password_hash": password_hash,
                    "provider_ids": list(provider_ids),
                    "created_at": self._work.now,
                }
            ],
        )
        return Actor(id=user_id, login=login, name=name, role=role, provider_ids=tuple(provider_ids))

    async def find(self, login: str) -> tuple[Actor, str] | None:
        """The account of a login with its password hash."""
        row = await self._work.one(select(_users).where(_users.c.login == login))
        return (_actor(row), row.password_hash) if row else None

    async def set_password(self, user_id: int, password_hash: str) -> None:
        """A new password ends every session of the account."""
        await self._work.run(update(_users).where(_users.c.id == user_id).values(password_hash=password_hash))
        await self._work.run(delete(_sessions).where(_sessions.c.user_id == user_id))

    async def all(self) -> list[Actor]:
        return [_actor(row) for row in await self._work.rows(select(_users).order_by(_users.c.id))]

    # --- sessions ------------------------------------------------------------------------------------------------

    async def open_session(self, actor: Actor, *, secret: str, csrf: str, expires_at: datetime) -> Session:
        await self._work.insert(
            _sessions,
            [
                {
                    "secret_hash": fingerprint(secret),
                    "user_id": actor.id,
                    "csrf": csrf,
                    "created_at": self._work.now,
                    "expires_at": expires_at,
                }
            ],
        )
        await self._work.run(delete(_sessions).where(_sessions.c.expires_at <= self._work.now))
        return Session(actor=actor, csrf=csrf, expires_at=expires_at)

    async def session(self, secret: str) -> Session | None:
        """The live session of a cookie's secret."""
        row = await self._work.one(
            select(_users, _sessions.c.csrf, _sessions.c.expires_at)
            .join(_sessions, _sessions.c.user_id == _users.c.id)
            .where(_sessions.c.secret_hash == fingerprint(secret), _sessions.c.expires_at > self._work.now)
        )
        return Session(actor=_actor(row), csrf=row.csrf, expires_at=row.expires_at) if row else None

    async def close_session(self, secret: str) -> None:
        await self._work.run(delete(_sessions).where(_sessions.c.secret_hash == fingerprint(secret)))

    # --- tokens --------------------------------------------------------------------------------------------------

    async def add_token(self, *, name: str, role: Role, secret: str, expires_at: datetime | None) -> Token:
        token = Token(
            id=self._work.ids.next(),
            name=name,
            role=role,
            created_at=self._work.now,
            expires_at=expires_at,
            last_used_at=None,
        )
        row = {field: getattr(token, field) for field in Token.__dataclass_fields__}
        await self._work.insert(_tokens, [row | {"secret_hash": fingerprint(secret)}])
        return token

    async def token_actor(self, secret: str) -> tuple[Actor, datetime | None] | None:
        """Who a live token speaks for, and when it was last noted to be used."""
        row = await self._work.one(select(_tokens).where(_tokens.c.secret_hash == fingerprint(secret)))
        if row is None or (row.expires_at is not None and row.expires_at <= self._work.now):
            return None
        return Actor(id=row.id, login=f"token:{row.name}", name=row.name, role=Role(row.role)), row.last_used_at

    async def token_used(self, token_id: int) -> None:
        await self._work.run(update(_tokens).where(_tokens.c.id == token_id).values(last_used_at=self._work.now))

    async def tokens(self) -> list[Token]:
        rows = await self._work.rows(select(_tokens).order_by(_tokens.c.id))
        return [
            Token(**{field: getattr(row, field) for field in Token.__dataclass_fields__} | {"role": Role(row.role)})
            for row in rows
        ]

    async def remove_token(self, token_id: int) -> None:
        done = await self._work.run(delete(_tokens).where(_tokens.c.id == token_id))
        if not done.rowcount:
            raise NotFound("there is no such token")

    # --- repeated requests ---------------------------------------------------------------------------------------

    async def entry_of_key(self, actor_id: int, key: str, request_hash: str) -> int | None:
        """The entry a request with this Idempotency-Key made. `Conflict` when the request was another one."""
        row = await self._work.one(select(_keys).where(_keys.c.user_id == actor_id, _keys.c.key == key))
        if row is None:
            return None
        if row.request_hash != request_hash:
            raise Conflict("this Idempotency-Key was used for another request")
        return int(row.entry_id)

    async def keep_key(self, actor_id: int, key: str, request_hash: str, entry_id: int) -> None:
        await self._work.insert(
            _keys,
            [
                {
                    "user_id": actor_id,
                    "key": key,
                    "request_hash": request_hash,
                    "entry_id": entry_id,
                    "at": self._work.now,
                }
            ],
        )


def _actor(row: Row[Any]) -> Actor:
    return Actor(id=row.id, login=row.login, name=row.name, role=Role(row.role), provider_ids=tuple(row.provider_ids))
