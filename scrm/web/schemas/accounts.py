"""Signing in, people, tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from scrm.web.schemas.shapes import Shape


class SignIn(Shape):
    login: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=200)


class UserOut(Shape):
    id: str
    login: str
    name: str
    role: Literal["rep", "agent", "manager", "auditor", "admin"]
    permissions: list[str] = Field(description="What this role may do: see `scrm.core.access.Permission`.")


class SessionOut(Shape):
    user: UserOut
    csrf: str = Field(description="Send it as X-CSRF-Token with every request that changes something.")


class UserNew(Shape):
    login: str = Field(min_length=2, max_length=100, pattern=r"^[a-zA-Z0-9_.@-]+$")
    name: str = Field(min_length=1, max_length=100)
    role: Literal["rep", "agent", "manager", "auditor", "admin"]
    password: str = Field(min_length=10, max_length=200)
    provider_ids: list[str] = Field(
        default=[], description="Ids on channels (WeCom userid, extension): `actor` of entries."
    )


class TokenNew(Shape):
    name: str = Field(min_length=1, max_length=100)
    role: Literal["rep", "agent", "manager", "auditor", "admin"] = "rep"
    expires_at: datetime | None = None


class TokenOut(Shape):
    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    secret: str | None = Field(default=None, description="Shown once, when the token is made.")
