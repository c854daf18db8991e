"""`scrm simulate`: stand-ins for providers, to try and to develop the hub without an account there."""

from __future__ import annotations

import asyncio
import signal
import tomllib
from pathlib import Path

import click
from pydantic import ValidationError

from scrm.simulate import SimulatedWeCom, World, populate, read_world, running
from scrm.simulate.errors import Impossible, Unknown
from scrm.simulate.hub_settings import callback_path, connect, hub_settings


@click.group()
def simulate() -> None:
    """启动外部平台的模拟器。"""


@simulate.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址；控制接口没有登录，不要对外网开放。")
@click.option("--port", default=8901, show_default=True, type=click.IntRange(0, 65535), help="监听的端口，0 为任选。")
@click.option(
    "--seed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML 文件：企业、应用、成员、客户和客服账号；不给则使用自带的示例企业。",
)
@click.option("--hub", metavar="URL", default="", help="把全部回调指向这个中台，例如 http://127.0.0.1:8080。")
@click.option(
    "--write-settings",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="把中台要用的 [channels.…] 配置写进这个文件（包含存档私钥）。",
)
def wecom(host: str, port: int, seed: Path | None, hub: str, write_settings: Path | None) -> None:
    """模拟企业微信：客户联系、微信客服、会话内容存档和加密回调。"""
    sim = SimulatedWeCom()
    try:
        populate(sim, _read(seed))
        if hub:
            connect(sim, hub)
        asyncio.run(_serve(sim, host, port, write_settings))
    except (Impossible, Unknown) as error:
        raise click.ClickException(f"种子文件的内容自相矛盾：{error.args[0]}") from error
    except OSError as error:
        raise click.ClickException(f"无法在 {host}:{port} 监听或写文件：{error}") from error


def _read(seed: Path | None) -> World:
    try:
        return read_world(seed)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise click.ClickException(f"种子文件 {seed} 读不懂：{error}") from error


async def _serve(sim: SimulatedWeCom, host: str, port: int, write_settings: Path | None) -> None:
    async with running(sim, host=host, port=port) as server:
        _write_settings(sim, server.url, write_settings)
        click.echo(_greeting(sim, server.url, write_settings))
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()
    click.echo("模拟器已停止。")


def _write_settings(sim: SimulatedWeCom, url: str, file: Path | None) -> None:
    if file:
        file.write_text(hub_settings(sim, url), "utf-8")


def _greeting(sim: SimulatedWeCom, url: str, written: Path | None) -> str:
    settings = f"已写入 {written}" if written else f"curl {url}/_sim/hub-settings"
    lines = [
        f"企业微信模拟器正在 {url} 运行，按 Ctrl+C 停止。",
        "",
        f"  操作页面      {url}/",
        f"  服务端 API    {url}/cgi-bin/…",
        f"  存档 SDK 旁车  {url}/_sim/finance",
        f"  控制接口      {url}/_sim/…",
        "",
        f"中台的 [channels.…] 配置：{settings}",
        "回调地址（用 --hub、页面右上角或 POST /_sim/connect 设置）:",
    ]
    apps = [app for corp in sim.corps.values() for app in corp.apps.values()]
    targets = [f"  {app.name:<10} {app.callback.url or f'未设置，中台侧为 {callback_path(app)}'}" for app in apps]
    return "\n".join([*lines, *targets])
