"""`scrm serve --demo`: a whole school in one process, on loopback, and a story that plays over real protocols."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from pydantic import JsonValue

from scrm.core.errors import BadSettings
from scrm.settings import Settings, load_settings
from scrm.simulate import RunningServer, SimulatedWeCom, populate, read_world, running
from scrm.simulate.demo import school, story
from scrm.simulate.demo.desk import Desk, signed_in
from scrm.simulate.demo.history import BEGAN_BEFORE, History, live_through, read_history
from scrm.simulate.demo.receiver import Fact, Receiver, receiving
from scrm.simulate.demo.seeding import Stage, fill
from scrm.simulate.hub_settings import connect
from scrm.simulate.world import Settings as SimulatorSettings
from scrm.telemetry import set_up_logs

FOLDER = Path("var")
_ENDING_S = 3.0


class ServesHub(Protocol):
    """Serves a hub until it is asked to stop; `ready` is told the address."""

    async def __call__(self, settings: Settings, *, ready: asyncio.Future[str] | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """`keep`: go on with what the last demo left, without telling the story again."""

    pace_s: float = 4.0
    visitor_is_person: bool = False
    keep: bool = False


async def run_demo(
    config: Path | None,
    given: Mapping[str, JsonValue],
    serve: ServesHub,
    options: DemoOptions,
    tell: Callable[[str], None],
) -> None:
    """Run until SIGINT or SIGTERM. `BadSettings` when another demo runs in this folder, or there is none to keep."""
    folder = (Path.cwd() / FOLDER).resolve()
    folder.mkdir(exist_ok=True)
    with _only_one(folder / "demo.lock"):
        passwords = _passwords(folder, options)
        if not options.keep:
            _begin_afresh(folder)
        await _run(_Setting(config, given, folder, passwords, options, tell), serve)


@dataclass(frozen=True, slots=True)
class _Setting:
    config: Path | None
    given: Mapping[str, JsonValue]
    folder: Path
    passwords: Mapping[str, str]
    options: DemoOptions
    tell: Callable[[str], None]


async def _run(setting: _Setting, serve: ServesHub) -> None:
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving(lambda fact: setting.tell(_delivered(fact))))
        sim = SimulatedWeCom(now=lambda: _now() - BEGAN_BEFORE, settings=SimulatorSettings(notify_interval_s=1.0))
        populate(sim, read_world(Path(__file__).with_name("world.toml")))
        server = await stack.enter_async_context(running(sim))
        dialer_secret = secrets.token_hex(16)
        school.write_price_book(setting.folder / "demo-prices.toml", _now())
        settings = load_settings(
            setting.config,
            **school.settings_of_hub(
                sim,
                server.url,
                folder=setting.folder,
                admin_password=setting.passwords[school.ADMIN.login],
                dialer_secret=dialer_secret,
            ),
            **setting.given,
        )
        set_up_logs(settings.log_format, settings.log_level)
        setting.tell("正在准备演示：模拟的企业微信、示例数据和账号……")
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(settings, ready=ready), name="hub")
        playing = asyncio.create_task(_play(setting, server, receiver, dialer_secret, ready), name="story")
        try:
            await asyncio.wait({serving, playing}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done() and (error := playing.exception()) is not None:
                # A hub that is being ended takes the story with it; that is nothing to tell.
                await asyncio.wait({serving}, timeout=_ENDING_S)
            if playing.done() and error is not None and not serving.done():
                setting.tell(f"\n故事中断了：{error or type(error).__name__}\n中台仍在运行，按 Ctrl+C 结束。")
            await serving
        finally:
            playing.cancel()
            serving.cancel()
            await asyncio.gather(playing, serving, return_exceptions=True)


async def _play(
    setting: _Setting, server: RunningServer, receiver: Receiver, dialer_secret: str, ready: asyncio.Future[str]
) -> None:
    hub_url, sim = await ready, server.sim
    connect(sim, hub_url)
    history = read_history()
    async with _desks(hub_url, setting.passwords, keep=setting.options.keep) as (admin, agent, user_ids):
        stage = Stage(
            hub_url=hub_url,
            sim=sim,
            sim_url=server.url,
            history=history,
            admin=admin,
            agent=agent,
            receiver=receiver,
            dialer_secret=dialer_secret,
        )
        if setting.options.keep:
            _resume(sim, history)
        else:
            await fill(stage, user_ids)
        await _subscribe(admin, receiver)
        setting.tell(_welcome(setting, stage))
        if not setting.options.keep:
            telling = story.Telling(
                tell=setting.tell,
                pace_s=setting.options.pace_s,
                visitor_is_person=setting.options.visitor_is_person,
            )
            await story.play(stage, telling)


@asynccontextmanager
async def _desks(
    hub_url: str, passwords: Mapping[str, str], *, keep: bool
) -> AsyncIterator[tuple[Desk, Desk, dict[str, str]]]:
    """The desks of the administrator and of the service agent; and whose account has which id, when they are new."""
    async with signed_in(hub_url, school.ADMIN.login, passwords[school.ADMIN.login]) as admin:
        user_ids = {} if keep else await school.add_people(admin, passwords)
        async with signed_in(hub_url, "zhang", passwords["zhang"]) as agent:
            yield admin, agent, user_ids


def _resume(sim: SimulatedWeCom, history: History) -> None:
    """Bring the simulator to where the kept hub believes it to be; what the hub has already, it does not take again."""
    live_through(sim, history, _now(), tell_contacts=False)
    story.join_again(sim, history.person(story.MOTHER))


async def _subscribe(admin: Desk, receiver: Receiver) -> None:
    for endpoint in await admin.items("webhooks"):
        if endpoint["enabled"]:
            await admin.patch(f"webhooks/{endpoint['id']}", {"enabled": False})
    made = await admin.post("webhooks", {"url": receiver.url, "description": "演示的集成方"})
    receiver.trust(str(made["secret"]))


def _welcome(setting: _Setting, stage: Stage) -> str:
    people = [
        f"    {account.login:<6} {setting.passwords[account.login]}   {account.name}（{account.title}）"
        for account in (*school.PEOPLE, school.ADMIN)
    ]
    until = school.in_words(school.promotion_end(_now()))
    lines = [
        "",
        f"{school.NAME}（虚构的学校）已经开门。",
        "",
        f"  工作台      {stage.hub_url}",
        f"  学校网页    {stage.hub_url}/channels/{school.WEB}/demo  （右下角是聊天窗口）",
        f"  模拟的企微  {stage.sim_url}  （可以在这里当微信里的客户）",
        f"  集成方      {stage.receiver.url}  （收到的 Webhook）",
        "",
        "  账号、密码：",
        *people,
        "",
        f"  价格本：年课 5,980 元一年，报名季优惠 4,980 元，到{until}为止。",
    ]
    ending = (
        ["  接着上次的内容，故事不再重放。按 Ctrl+C 结束。"]
        if setting.options.keep
        else ["  现在用 lin 登录工作台，故事马上开始；每一步都会写在这里。按 Ctrl+C 结束。"]
    )
    return "\n".join([*lines, "", *ending])


def _delivered(fact: Fact) -> str:
    about = fact.payload.get("channel") or fact.payload.get("rule") or ""
    return f"      ↳ Webhook 已验签  {fact.type}  {about}".rstrip()


def _passwords(folder: Path, options: DemoOptions) -> dict[str, str]:
    path = folder / "demo-passwords.json"
    if not options.keep:
        passwords = school.new_passwords()
        school.keep_passwords(path, passwords)
        return passwords
    try:
        return school.kept_passwords(path)
    except (OSError, ValueError) as error:
        raise BadSettings(f"there is no demo to keep in {folder} ({error}): start once without --keep") from error


def _begin_afresh(folder: Path) -> None:
    for name in ("demo.db", "demo.db-wal", "demo.db-shm"):
        (folder / name).unlink(missing_ok=True)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the lock file while the demo runs: a second one would pull the database from under the first."""
    with path.open("w") as file:
        if not _lock(file):
            raise BadSettings(f"another demo is running in {path.parent}: stop it, or start this one in another folder")
        yield


def _lock(file: IO[str]) -> bool:
    if sys.platform == "win32":
        return True  # Windows itself refuses to delete an open database
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _now() -> datetime:
    return datetime.now(UTC)
