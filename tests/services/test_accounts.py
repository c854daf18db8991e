"""Accounts: the first one is made once, passwords are checked, tokens end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from scrm.core.access import Actor, Role
from scrm.core.errors import Conflict, NotSignedIn
from scrm.hub import Hub
from scrm.services.accounts import add_token, add_user, ensure_admin, set_password, sign_in
from tests.conftest import Clock


async def test_the_first_account_is_made_once_however_many_processes_start(hub: Hub) -> None:
    passwords = await asyncio.gather(*(ensure_admin(hub) for _ in range(4)))

    (password,) = [made for made in passwords if made is not None]
    session, _ = await sign_in(hub, "admin", password)
    assert session.actor.role is Role.ADMIN
    assert await ensure_admin(hub) is None


async def test_a_wrong_password_signs_nobody_in(hub: Hub, rep: Actor) -> None:
    with pytest.raises(NotSignedIn):
        await sign_in(hub, "lin", "guess")
    with pytest.raises(NotSignedIn):
        await sign_in(hub, "nobody", "guess")


async def test_a_session_ends_by_itself(hub: Hub, rep: Actor, clock: Clock) -> None:
    _, secret = await sign_in(hub, "lin", "a-long-password")
    clock.advance(hours=hub.settings.session_hours, seconds=1)

    async with hub.db.reading() as tx:
        assert await tx.accounts.session(secret) is None


async def test_a_new_password_ends_every_session(hub: Hub, rep: Actor) -> None:
    _, secret = await sign_in(hub, "lin", "a-long-password")

    await set_password(hub, "lin", "another-password")

    async with hub.db.reading() as tx:
        assert await tx.accounts.session(secret) is None
    await sign_in(hub, "lin", "another-password")


async def test_a_login_is_given_once(hub: Hub, rep: Actor) -> None:
    with pytest.raises(Conflict, match="taken"):
        await add_user(hub, None, login="lin", name="另一个林", role=Role.REP, password="a-long-password")


async def test_an_expired_token_speaks_for_nobody(hub: Hub, clock: Clock) -> None:
    admin = await add_user(hub, None, login="root", name="管理员", role=Role.ADMIN, password="a-long-password")
    _, secret = await add_token(hub, admin, name="报表", role=Role.REP, expires_at=clock() + timedelta(hours=1))

    async with hub.db.reading() as tx:
        assert await tx.accounts.token_actor(secret) is not None
    clock.advance(hours=2)
    async with hub.db.reading() as tx:
        assert await tx.accounts.token_actor(secret) is None
