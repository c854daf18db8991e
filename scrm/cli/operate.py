"""Commands for operators: migrate, import files, make accounts, look at connectors and settings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from scrm.bootstrap import CONNECTORS, open_hub, prepare_database
from scrm.cli.serve import config_option
from scrm.core.access import Role
from scrm.hub import Hub
from scrm.services.accounts import add_user, set_password
from scrm.services.imports import RUN_IMPORT, start_import
from scrm.services.intake import READ_INBOX
from scrm.settings import Settings, load_settings
from scrm.store.imports import Import
from scrm.telemetry import set_up_logs
from scrm.worker import run_due


@click.command()
@config_option
def migrate(config: Path | None) -> None:
    """把数据库升级到最新结构(serve 和 worker 启动时也会自动执行)。"""
    settings = _settings(config)
    asyncio.run(prepare_database(settings))
    click.echo("数据库已是最新结构")


@click.command("import")
@config_option
@click.argument("channel")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(config: Path | None, channel: str, file: Path) -> None:
    """把一个文件(如通话记录 CSV、XLSX)导入 CHANNEL;重复导入不会产生重复记录。"""
    finished = asyncio.run(_import(_settings(config), channel, file))
    if finished.state == "failed":
        raise click.ClickException(f"导入失败:{finished.reason}")


@click.group()
def user() -> None:
    """管理账号。"""


@user.command("add")
@config_option
@click.argument("login")
@click.option("--name", required=True, help="显示的姓名。")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="rep", show_default=True)
@click.option("--provider-id", multiple=True, help="此人在渠道中的 ID(企业微信 userid、分机号),可多次。")
@click.option("--password", prompt="密码", hide_input=True, confirmation_prompt=True)
def add(  # one option each
    config: Path | None, login: str, name: str, role: str, provider_id: tuple[str, ...], password: str
) -> None:
    """新增账号。"""

    async def work(hub: Hub) -> None:
        await add_user(hub, None, login=login, name=name, role=Role(role), password=password, provider_ids=provider_id)

    _with_hub(config, work)
    click.echo(f"账号 {login} 已创建")


@user.command("password")
@config_option
@click.argument("login")
@click.option("--password", prompt="新密码", hide_input=True, confirmation_prompt=True)
def password(config: Path | None, login: str, password: str) -> None:
    """为账号设置新密码;已登录的会话随之失效。"""

    async def work(hub: Hub) -> None:
        await set_password(hub, login, password)

    _with_hub(config, work)
    click.echo(f"账号 {login} 的密码已更新")


@click.command()
def connectors() -> None:
    """列出已安装的连接器。"""
    table = Table("连接器", "来自", title="已安装的连接器")
    for point in sorted(entry_points(group=CONNECTORS), key=lambda point: point.name):
        table.add_row(point.name, point.value)
    Console().print(table)


@click.command()
def openapi() -> None:
    """输出 OpenAPI 3.1 文档(JSON)。"""
    from scrm.web.app import GROUPS
    from scrm.web.openapi import document

    click.echo(json.dumps(document(GROUPS), ensure_ascii=False, indent=2))


@click.command("settings")
@config_option
def show_settings(config: Path | None) -> None:
    """检查并列出全部设置:现值和含义。"""
    settings = _settings(config)
    table = Table("设置", "现值", "含义")
    for name, field in Settings.model_fields.items():
        table.add_row(name, str(getattr(settings, name)), field.description or "")
    Console().print(table)


async def _import(settings: Settings, channel: str, file: Path) -> Import:
    await prepare_database(settings)
    content = await asyncio.to_thread(file.read_bytes)
    async with open_hub(settings) as hub:
        started = await start_import(hub, None, channel, file.name, content)
        working = asyncio.create_task(_work_until_finished(hub, started.id))
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        ) as bar:
            shown = bar.add_task(file.name, total=started.total)
            while not working.done():
                await asyncio.wait([working], timeout=0.2)
                async with hub.db.reading() as tx:
                    bar.update(shown, completed=(await tx.imports.get(started.id)).done)
        await working
        return await _report(hub, started.id)


async def _work_until_finished(hub: Hub, import_id: int) -> None:
    """Read the file and put its rows on their timelines here, whether or not a server is running beside us."""
    while True:
        worked = await run_due(hub, [RUN_IMPORT, READ_INBOX])
        async with hub.db.reading() as tx:
            finished = (await tx.imports.get(import_id)).finished_at is not None
        if finished and not worked:
            return
        if not worked:
            await asyncio.sleep(0.2)


async def _report(hub: Hub, import_id: int) -> Import:
    async with hub.db.reading() as tx:
        finished = await tx.imports.get(import_id)
        bad = await tx.imports.bad_rows(import_id, after=0, limit=50)
    click.echo(f"新增 {finished.added} 条,重复 {finished.repeated} 条,未能读取 {finished.rejected} 行")
    for row in bad:
        click.echo(f"  第 {row.row} 行:{row.reason}", err=True)
    if finished.rejected > len(bad):
        click.echo(f"  另有 {finished.rejected - len(bad)} 行,详见控制台的导入报告", err=True)
    return finished


def _settings(config: Path | None) -> Settings:
    settings = load_settings(config)
    set_up_logs(settings.log_format, "warning")
    return settings


def _with_hub(config: Path | None, work: Callable[[Hub], Awaitable[None]]) -> None:
    async def run() -> None:
        settings = _settings(config)
        await prepare_database(settings)
        async with open_hub(settings) as hub:
            await work(hub)

    asyncio.run(run())
