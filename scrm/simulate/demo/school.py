"""The demo's school: its settings of the hub, its price book, and its people's accounts."""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from scrm.core.price_book import CHINA
from scrm.simulate import SimulatedWeCom
from scrm.simulate.demo.desk import Desk
from scrm.simulate.hub_settings import hub_settings

NAME = "启明英语"
WEB, CALLS, DIALER, KF, ARCHIVE = "web", "calls", "dialer", "wecom-kf", "wecom-archive"
PROMOTION_DAYS = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who signs in. `provider_ids`: WeCom userid and telephone extension."""

    login: str
    name: str
    role: str
    title: str
    provider_ids: tuple[str, ...] = ()


ADMIN = Account(login="admin", name="管理员", role="admin", title="管理员：渠道、账号、Webhook")
PEOPLE = (
    Account(login="lin", name="林晓雨", role="rep", title="课程顾问：故事里的您", provider_ids=("LinXiaoYu", "8006")),
    Account(login="chen", name="陈昊", role="rep", title="课程顾问：报错价的同事", provider_ids=("ChenHao", "8007")),
    Account(login="zhang", name="张敏", role="agent", title="客服：在网页上接待", provider_ids=("ZhangMin", "8001")),
    Account(login="shen", name="沈静", role="auditor", title="合规审计：判案"),
    Account(login="zhou", name="周宁", role="manager", title="主管：改价格，由管理员批准"),
)


def promotion_end(now: datetime) -> datetime:
    """The last moment of the promotion, in China's time."""
    day = now.astimezone(CHINA) + timedelta(days=PROMOTION_DAYS)
    return day.replace(hour=23, minute=59, second=59, microsecond=0)


def in_words(day: datetime) -> str:
    """A day as it is said: 12月3日."""
    return f"{day.month}月{day.day}日"


def write_price_book(path: Path, now: datetime) -> None:
    end = promotion_end(now)
    text = files("scrm.simulate.demo").joinpath("prices.toml").read_text("utf-8")
    dated = text.replace("2026-08-01", f"{(end - timedelta(days=40)).date()}").replace("2026-09-10", f"{end.date()}")
    path.write_text(dated, "utf-8")


def settings_of_hub(
    sim: SimulatedWeCom, sim_url: str, *, folder: Path, admin_password: str, dialer_secret: str
) -> dict[str, JsonValue]:
    """Settings of a hub for the school, all of it on this machine."""
    wecom: Mapping[str, JsonValue] = tomllib.loads(hub_settings(sim, sim_url))["channels"]
    return {
        "database_url": f"sqlite:///{folder / 'demo.db'}",
        "redis_url": None,
        "workers": 1,
        "price_book": str(folder / "demo-prices.toml"),
        "variables": {
            "school_name": NAME,
            "school_address": "青云路商场三楼",
            "school_phone": "010-5555 0126",
            "open_hours": "周二至周日 9:00–20:30",
        },
        "cases": {"second_look_share": 0},  # the story ends with the first verdict
        "working_hours": {"days": [2, 3, 4, 5, 6, 7], "opens": "09:00", "closes": "20:30"},
        "webhook_private_targets": True,
        "log_level": "warning",
        "admin_password": admin_password,
        "channels": {
            WEB: {
                "kind": "web_im",
                "title": f"{NAME} · 在线咨询",
                "greeting": f"您好，欢迎来到{NAME}。课程、价格、试听，都可以在这里问。",
            },
            **wecom,
            CALLS: {"kind": "call_log"},
            DIALER: {"kind": "call_webhook", "secret": dialer_secret},
        },
    }


def new_passwords() -> dict[str, str]:
    """A password for each login, easy to read and to type."""
    return {account.login: _password() for account in (ADMIN, *PEOPLE)}


def keep_passwords(path: Path, passwords: Mapping[str, str]) -> None:
    """Write them where only this user can read them."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(passwords), "utf-8")


def kept_passwords(path: Path) -> dict[str, str]:
    """What `keep_passwords` wrote. `OSError` or `ValueError` when it is not there."""
    return TypeAdapter(dict[str, str]).validate_json(path.read_bytes())


async def add_people(admin: Desk, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make the accounts; the answer maps each person's ids at WeCom to the account's id."""
    ids: dict[str, str] = {}
    for account in PEOPLE:
        made = await admin.post(
            "users",
            {
                "login": account.login,
                "name": account.name,
                "role": account.role,
                "password": passwords[account.login],
                "provider_ids": list(account.provider_ids),
            },
        )
        ids |= dict.fromkeys(account.provider_ids, str(made["id"]))
    return ids


def _password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
