"""`scrm serve` and `scrm worker`: the processes of the hub."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import structlog
from aiohttp import web
from pydantic import JsonValue

from scrm.bootstrap import open_hub, prepare_database, spare_the_collector
from scrm.core.errors import BadSettings
from scrm.hub import Hub
from scrm.services.accounts import ensure_admin
from scrm.settings import Settings, load_settings
from scrm.telemetry import set_up_logs
from scrm.web.app import create_app
from scrm.worker import Worker

_log = structlog.get_logger()

config_option = click.option(
    "--config",
    "-c",
    envvar="SCRM_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML 配置文件;不给则全部用默认值,环境变量 SCRM_* 优先于文件。",
)


@click.command()
@config_option
@click.option("--host", help="监听的地址,默认 127.0.0.1。")
@click.option("--port", type=int, help="监听的端口,默认 8000;0 为任选。")
@click.option("--workers", type=int, help="本进程内的工作循环组数;0 表示由 scrm worker 进程处理。")
@click.option("--demo", is_flag=True, help="在本机演示一个真实的故事:模拟器、示例数据和账号都会准备好。")
@click.option("--pace", type=click.FloatRange(0, 60), default=4.0, show_default=True, help="演示中每一步之间停几秒。")
@click.option(
    "--visitor",
    type=click.Choice(["story", "person"]),
    default="story",
    show_default=True,
    help="演示中网页上的访客由故事扮演,还是由您在浏览器里扮演。",
)
@click.option("--keep", is_flag=True, help="接着用上次演示留下的内容,不重放故事。")
def serve(
    config: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    demo: bool,
    pace: float,
    visitor: str,
    keep: bool,
) -> None:
    """启动服务:网页、接口、回调,以及(默认)工作循环。"""
    given: dict[str, JsonValue] = {
        name: value for name, value in (("host", host), ("port", port), ("workers", workers)) if value is not None
    }
    if demo:
        from scrm.simulate.demo import DemoOptions, run_demo

        options = DemoOptions(pace_s=pace, visitor_is_person=visitor == "person", keep=keep)
        asyncio.run(run_demo(config, given, run_server, options, click.echo))
        return
    settings = load_settings(config, **given)
    set_up_logs(settings.log_format, settings.log_level)
    asyncio.run(run_server(settings))


@click.command()
@config_option
def worker(config: Path | None) -> None:
    """启动一个只处理任务的进程(需要 PostgreSQL 与 Redis,可开多个)。"""
    settings = load_settings(config)
    set_up_logs(settings.log_format, settings.log_level)
    asyncio.run(_run_worker(settings))


async def run_server(settings: Settings, *, ready: asyncio.Future[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM: requests end, batches finish, nothing acknowledged is lost.

    `ready` is told the address once it answers.
    """
    await prepare_database(settings)
    async with open_hub(settings) as hub:
        spare_the_collector()
        password = await ensure_admin(hub)
        if password is not None:
            click.echo(f"首个管理员账号 admin,密码 {password} (只显示这一次)")
        async with _serving(hub) as address, asyncio.TaskGroup() as group:
            workers = [Worker(hub) for _ in range(settings.workers)]
            for one in workers:
                group.create_task(one.run(), name="worker")
            click.echo(f"SCRM 已启动:{address}")
            if ready is not None:
                ready.set_result(address)
            await _asked_to_stop()
            for one in workers:
                one.stop()


async def _run_worker(settings: Settings) -> None:
    await prepare_database(settings)
    async with open_hub(settings) as hub:
        spare_the_collector()
        one = Worker(hub)
        async with asyncio.TaskGroup() as group:
            group.create_task(one.run(), name="worker")
            click.echo("SCRM 工作进程已启动")
            await _asked_to_stop()
            one.stop()


@asynccontextmanager
async def _serving(hub: Hub) -> AsyncIterator[str]:
    """Listen; yields the address. A port that is taken is one clear line."""
    runner = web.AppRunner(create_app(hub), access_log=None, shutdown_timeout=5, handle_signals=False)
    await runner.setup()
    settings = hub.settings
    try:
        site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise BadSettings(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}): "
            "another program uses it, or the address is not this machine's; choose another --port or --host"
        ) from error
    port = runner.addresses[0][1]
    try:
        yield f"http://{settings.host}:{port}"
    finally:
        await runner.cleanup()


async def _asked_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    _log.info("stopping: running work is finished first")
