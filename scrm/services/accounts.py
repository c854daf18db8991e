"""Signing in: passwords by argon2id, sessions kept on the server, tokens for services."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from scrm.core.access import Actor, Permission, Role, require
from scrm.core.audit_chain import Deed
from scrm.core.errors import NotSignedIn
from scrm.hub import Hub
from scrm.store.accounts import Session, Token

_hasher = PasswordHasher()
_UNKNOWN = _hasher.hash(secrets.token_hex(16))
"""Checked when the login is unknown, so that the answer takes as long as for a known one."""
_NOTE_USE_EVERY = timedelta(minutes=1)
TOKEN_PREFIX = "scrm_"  # noqa: S105  # the visible beginning, not a secret


async def sign_in(hub: Hub, login: str, password: str) -> tuple[Session, str]:
    """(session, the cookie's secret). `NotSignedIn` does not tell which of login and password was wrong."""
    async with hub.db.reading() as tx:
        found = await tx.accounts.find(login)
    matches = await asyncio.to_thread(_matches, found[1] if found else _UNKNOWN, password)
    if found is None or not matches:
        await _record_refusal(hub, login, known=found is not None)
        raise NotSignedIn("login or password is wrong")
    secret = secrets.token_urlsafe(32)
    async with hub.db.transaction() as tx:
        session = await tx.accounts.open_session(
            found[0],
            secret=secret,
            csrf=secrets.token_urlsafe(24),
            expires_at=tx.now + timedelta(hours=hub.settings.session_hours),
        )
        tx.audit.record(Deed.by(session.actor, "signed_in", "user", login))
    return session, secret


async def _record_refusal(hub: Hub, login: str, *, known: bool) -> None:
    """Who tried to sign in and could not. What was typed for an unknown login may be anything, a password even: it can
    be erased from the log.
    """
    deed = Deed(
        actor=login if known else "",
        action="sign_in.refused",
        object_type="user",
        object_id=login if known else "",
        payload={} if known else {"typed": login},
    )
    async with hub.db.transaction() as tx:
        tx.audit.record(deed)


async def sign_out(hub: Hub, secret: str) -> None:
    async with hub.db.transaction() as tx:
        await tx.accounts.close_session(secret)


async def add_user(
    hub: Hub,
    actor: Actor | None,
    *,
    login: str,
    name: str,
    role: Role,
    password: str,
    provider_ids: tuple[str, ...] = (),
) -> Actor:
    """A new account. `actor` is None where the operator works on the installation itself."""
    if actor is not None:
        require(actor, Permission.MANAGE_USERS)
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with hub.db.transaction() as tx:
        user = await tx.accounts.add(login=login, name=name, role=role, password_hash=hashed, provider_ids=provider_ids)
        tx.audit.record(Deed.by(actor, "user.added", "user", login, role=role.value))
    return user


async def set_password(hub: Hub, login: str, password: str) -> None:
    """A new password for an account; all its sessions end. `NotSignedIn` when the login is unknown."""
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with hub.db.transaction() as tx:
        found = await tx.accounts.find(login)
        if found is None:
            raise NotSignedIn(f"there is no account {login!r}")
        await tx.accounts.set_password(found[0].id, hashed)
        tx.audit.record(Deed.by(None, "user.password_set", "user", login))


async def token_actor(hub: Hub, secret: str) -> Actor:
    """Who a token speaks for. Its use is noted, once a minute at most. `NotSignedIn` when it is not live."""
    async with hub.db.reading() as tx:
        found = await tx.accounts.token_actor(secret)
    if found is None:
        raise NotSignedIn("this token is not valid, or has expired")
    actor, noted_at = found
    if noted_at is None or hub.now() - noted_at > _NOTE_USE_EVERY:
        async with hub.db.transaction() as tx:
            await tx.accounts.token_used(actor.id)
    return actor


async def add_token(hub: Hub, actor: Actor, *, name: str, role: Role, expires_at: datetime | None) -> tuple[Token, str]:
    """(token, its secret, shown once)."""
    require(actor, Permission.MANAGE_TOKENS)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    async with hub.db.transaction() as tx:
        token = await tx.accounts.add_token(name=name, role=role, secret=secret, expires_at=expires_at)
        tx.audit.record(Deed.by(actor, "token.added", "token", str(token.id), name=name, role=role.value))
    return token, secret


async def remove_token(hub: Hub, actor: Actor, token_id: int) -> None:
    require(actor, Permission.MANAGE_TOKENS)
    async with hub.db.transaction() as tx:
        await tx.accounts.remove_token(token_id)
        tx.audit.record(Deed.by(actor, "token.removed", "token", str(token_id)))


async def ensure_admin(hub: Hub) -> str | None:
    """Make the account `admin` when there is no account at all; gives back the password that was made up for it.

    Of several processes that start at once, one makes it.
    """
    async with hub.db.reading() as tx:
        if await tx.accounts.all():
            return None
    given = hub.settings.admin_password
    password = given.get_secret_value() if given else secrets.token_urlsafe(9)
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with hub.db.transaction() as tx:
        mine = secrets.token_hex(8)
        if await tx.channels.remembered("first_admin", mine) != mine or await tx.accounts.all():
            return None
        await tx.accounts.add(login="admin", name="管理员", role=Role.ADMIN, password_hash=hashed)
        tx.audit.record(Deed.by(None, "user.added", "user", "admin", role=Role.ADMIN.value))
    return None if given else password


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
