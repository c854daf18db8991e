"""Roles, permissions, and the one question: may this actor do that?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scrm.core.errors import NotAllowed
from scrm.core.timeline import Speaker


class Role(StrEnum):
    """Agents (客服) answer for the company as a whole, reps (销售) for themselves; they may do the same."""

    REP = "rep"
    AGENT = "agent"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Permission(StrEnum):
    READ_CUSTOMERS = "customers.read"
    REPLY = "customers.reply"
    MERGE = "customers.merge"
    REVEAL_PHONES = "phones.reveal"
    READ_CASES = "cases.read"
    JUDGE = "cases.judge"
    OVERSEE_CASES = "cases.oversee"
    READ_CHANNELS = "channels.read"
    RUN_IMPORTS = "imports.run"
    MANAGE_WEBHOOKS = "webhooks.manage"
    MANAGE_USERS = "users.manage"
    MANAGE_TOKENS = "tokens.manage"
    REPLAY_TASKS = "tasks.replay"
    READ_PRICES = "prices.read"
    READ_PRICE_HISTORY = "prices.history"
    EDIT_PRICES = "prices.edit"
    APPROVE_PRICES = "prices.approve"
    READ_SCRIPTS = "scripts.read"
    READ_AUDIT = "audit.read"
    CHECK_BROADCASTS = "broadcasts.check"
    READ_RULES = "rules.read"
    RUN_DRY_RUNS = "dry_runs.run"


_REP = frozenset(
    {
        Permission.READ_CUSTOMERS,
        Permission.REPLY,
        Permission.MERGE,
        Permission.REVEAL_PHONES,
        Permission.READ_PRICES,
        Permission.READ_SCRIPTS,
        Permission.CHECK_BROADCASTS,
        Permission.READ_RULES,
    }
)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.REP: _REP,
    Role.AGENT: _REP,
    Role.MANAGER: _REP
    | {
        Permission.READ_CASES,
        Permission.OVERSEE_CASES,
        Permission.READ_CHANNELS,
        Permission.RUN_IMPORTS,
        Permission.RUN_DRY_RUNS,
    }
    | {Permission.READ_PRICE_HISTORY, Permission.EDIT_PRICES, Permission.APPROVE_PRICES},
    Role.AUDITOR: frozenset(
        {
            Permission.READ_CUSTOMERS,
            Permission.READ_CASES,
            Permission.JUDGE,
            Permission.READ_AUDIT,
            Permission.READ_PRICES,
            Permission.READ_PRICE_HISTORY,
            Permission.READ_SCRIPTS,
            Permission.CHECK_BROADCASTS,
            Permission.READ_RULES,
            Permission.RUN_DRY_RUNS,
            Permission.REVEAL_PHONES,
        }
    ),
    Role.ADMIN: frozenset(Permission),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever acts: a signed-in person or a service token. `provider_ids` are this person's ids on channels."""

    id: int
    login: str
    name: str
    role: Role
    provider_ids: tuple[str, ...] = ()

    @property
    def speaks_as(self) -> Speaker:
        """Whose words this person's replies are."""
        return Speaker.AGENT if self.role is Role.AGENT else Speaker.REP

    def is_speaker(self, actor: str) -> bool:
        """Whether words spoken under this provider id or login are this person's own."""
        return actor == self.login or actor in self.provider_ids


def can(actor: Actor, permission: Permission) -> bool:
    return permission in PERMISSIONS[actor.role]


def require(actor: Actor, permission: Permission) -> None:
    """`NotAllowed` unless the actor's role has the permission."""
    if not can(actor, permission):
        raise NotAllowed(f"the role {actor.role.value!r} may not do this: it needs {permission.value!r}")
