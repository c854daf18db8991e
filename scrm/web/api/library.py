"""What replies are made from: the scripts; and the accounts that use them."""

from __future__ import annotations

from scrm.core.access import Permission, Role, require
from scrm.core.ids import public
from scrm.core.proofreading import is_blocking
from scrm.services import accounts
from scrm.services.checks import checked_scripts
from scrm.store.accounts import Token
from scrm.web.api.session import user_out
from scrm.web.openapi import Call, Routes
from scrm.web.present import Presenting
from scrm.web.schemas import PageOf, ScriptOut, ScriptQuery, TokenNew, TokenOut, UserNew, UserOut

ROUTES = Routes("library")


@ROUTES.add("GET", "/scripts", query=ScriptQuery, answer=PageOf[ScriptOut])
async def list_scripts(call: Call, query: ScriptQuery) -> PageOf[ScriptOut]:
    """The scripts of all packs; `query` looks in titles, texts and trigger questions."""
    require(call.actor, Permission.READ_SCRIPTS)
    wanted = query.query.strip().lower()
    async with call.hub.db.reading() as tx:
        checked = await checked_scripts(call.hub, tx)
        presenting = await Presenting.within(call.hub, tx, call.language)
    items = [
        ScriptOut(
            id=script.ref,
            pack=pack.id,
            pack_name=pack.name,
            category=pack.categories.get(script.category, script.category),
            title=script.title,
            text=script.text,
            triggers=list(script.triggers),
            valid_from=script.valid_from,
            valid_to=script.valid_until,
            findings=await presenting.draft_findings(checked[script.ref].findings),
            checked_text=checked[script.ref].text,
            suggested=not any(map(is_blocking, checked[script.ref].findings)),
        )
        for pack in call.hub.understanding.packs
        for script in pack.scripts
        if wanted in "\n".join([script.title, script.text, *script.triggers]).lower()
    ]
    return PageOf[ScriptOut](items=items)


@ROUTES.add("GET", "/users", answer=PageOf[UserOut])
async def list_users(call: Call) -> PageOf[UserOut]:
    """Everybody who can sign in."""
    require(call.actor, Permission.MANAGE_USERS)
    async with call.hub.db.reading() as tx:
        return PageOf[UserOut](items=[user_out(actor) for actor in await tx.accounts.all()])


@ROUTES.add("POST", "/users", body=UserNew, answer=UserOut, status=201)
async def add_user(call: Call, body: UserNew) -> UserOut:
    """A new account."""
    user = await accounts.add_user(
        call.hub,
        call.actor,
        login=body.login,
        name=body.name,
        role=Role(body.role),
        password=body.password,
        provider_ids=tuple(body.provider_ids),
    )
    return user_out(user)


@ROUTES.add("GET", "/tokens", answer=PageOf[TokenOut])
async def list_tokens(call: Call) -> PageOf[TokenOut]:
    """Tokens of services."""
    require(call.actor, Permission.MANAGE_TOKENS)
    async with call.hub.db.reading() as tx:
        return PageOf[TokenOut](items=[_token(token) for token in await tx.accounts.tokens()])


@ROUTES.add("POST", "/tokens", body=TokenNew, answer=TokenOut, status=201)
async def add_token(call: Call, body: TokenNew) -> TokenOut:
    """A new token; the answer holds its secret, once."""
    token, secret = await accounts.add_token(
        call.hub, call.actor, name=body.name, role=Role(body.role), expires_at=body.expires_at
    )
    return _token(token).model_copy(update={"secret": secret})


@ROUTES.add("DELETE", "/tokens/{id}")
async def remove_token(call: Call) -> None:
    """End a token."""
    await accounts.remove_token(call.hub, call.actor, call.row_id("id", "tok"))


def _token(token: Token) -> TokenOut:
    return TokenOut(
        id=public("tok", token.id),
        name=token.name,
        role=token.role,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )
