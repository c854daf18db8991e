"""`scrm prices`: check, import and export price lists."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from scrm.bootstrap import open_hub, prepare_database
from scrm.cli.serve import config_option
from scrm.core.access import Actor, Permission, require
from scrm.core.errors import BadInput
from scrm.core.price_book import PriceBook, read_price_book
from scrm.core.price_book.faults import Fault, faults_of
from scrm.core.price_book.table import Line, Reading, read_sheets
from scrm.core.price_book.words import change_text, fault_text, field_name
from scrm.price_files import Format, read_file
from scrm.services.prices import approve_proposal, export_file, import_file, preview_file
from scrm.settings import Settings, load_settings
from scrm.telemetry import set_up_logs

_CHINESE = "zh-CN"
_STATES = {
    "added": "新增",
    "changed": "有变化",
    "unchanged": "不变",
    "refused": "不能导入",
    "held": "待同商品其他行改正",
}
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def prices() -> None:
    """价格库：检查、导入、导出价格表（XLSX、CSV）。"""


@prices.command()
@_FILE
def check(file: Path) -> None:
    """检查价格表能不能导入，逐行列出原因；不需要数据库。也能检查设置用的 TOML 价目表。

    有不能导入的行时以 1 退出。
    """
    _show(_read_toml(file) if file.suffix == ".toml" else _read(file))


@prices.command("import")
@config_option
@_FILE
@click.option("--propose", "only_propose", is_flag=True, help="只提交，等另一个人在控制台批准（默认）。")
@click.option("--approve-as", metavar="LOGIN", help="提交并立即由这个账号批准；账号须有批准价格的权限。")
@click.option("--reason", default="", help="变更原因，写进历史。")
@click.option("--preview", is_flag=True, help="只看会改什么，不提交。")
def import_prices(  # one option each
    config: Path | None, file: Path, only_propose: bool, approve_as: str | None, reason: str, preview: bool
) -> None:
    """把价格表 FILE 里的变化提交为提案；有一行不对，整个文件都不导入。

    有不能导入的行时以 1 退出。
    """
    if only_propose and approve_as:
        raise click.UsageError("--propose 和 --approve-as 只能选一个")
    asyncio.run(_import(_settings(config), file, approve_as=approve_as, reason=reason, preview=preview))


@prices.command("export")
@config_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--at", "at_text", metavar="TIME", help="导出这个时间有效的价格，如 2026-06-18T12:00:00+08:00。")
def export_prices(config: Path | None, file: Path, at_text: str | None) -> None:
    """把价格库导出到 FILE（.xlsx 或 .csv），改好后可以再导入。"""
    file_format = _format_of(file)
    content = asyncio.run(_export(_settings(config), file_format, _moment(at_text)))
    file.write_bytes(content)
    click.echo(f"已导出到 {file}")


async def _import(settings: Settings, file: Path, *, approve_as: str | None, reason: str, preview: bool) -> None:
    await prepare_database(settings)
    content = await asyncio.to_thread(file.read_bytes)
    async with open_hub(settings) as hub:
        approver = None
        if approve_as:
            async with hub.db.reading() as tx:
                found = await tx.accounts.find(approve_as)
            if found is None:
                raise BadInput(f"没有账号 {approve_as}")
            approver = found[0]
            require(approver, Permission.APPROVE_PRICES)
        reading = await preview_file(hub, None, content)
        _show(reading)
        if preview or not reading.products:
            return
        _, proposed = await import_file(hub, None, file.name, content, reason=reason)
        if approver is not None:
            await approve_proposal(hub, approver, proposed[0].id, together=True)
            click.echo(f"{len(proposed)} 个商品的变更已由 {_known_as(approver)} 批准，现在起生效")
        else:
            click.echo(f"已提交 {len(proposed)} 个商品的变更，等待另一个人批准")


async def _export(settings: Settings, file_format: Format, at: datetime | None) -> bytes:
    await prepare_database(settings)
    async with open_hub(settings) as hub:
        return await export_file(hub, file_format, at=at)


def _read(file: Path) -> Reading:
    return read_sheets(read_file(file.read_bytes()), PriceBook(), datetime.now(UTC))


def _read_toml(file: Path) -> Reading:
    try:
        products = read_price_book(file.read_text(encoding="utf-8")).products
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} 不是 UTF-8 编码") from error
    lines = []
    for product in products:
        faults = faults_of(product)
        state = "refused" if faults else "added"
        lines.append(
            Line(sheet="", row=0, kind="product", sku=product.sku, name=product.name, state=state, faults=faults)
        )
    return Reading(tuple(lines), () if any(line.faults for line in lines) else products)


def _show(reading: Reading) -> None:
    """A line for every row that does something, then the sum; exits with 1 when a row is refused."""
    table = Table("位置", "商品编码", "名称", "结果", "说明")
    for line in reading.lines:
        if line.state != "unchanged":
            place = (f"{line.sheet} " if line.sheet else "") + (f"第 {line.row} 行" if line.row else "")
            table.add_row(place, line.sku, line.name, _STATES[line.state], "\n".join(_told(line)))
    if table.row_count:
        Console().print(table)
    counts = Counter(line.state for line in reading.lines)
    click.echo("，".join(f"{text} {counts[state]} 行" for state, text in _STATES.items() if counts[state]) or "没有行")
    if reading.refused:
        raise SystemExit(1)


def _told(line: Line) -> Sequence[str]:
    faults = [_sentence(fault) for fault in line.faults]
    changes = [change_text(change, _CHINESE) for change in line.changes]
    return [*faults, *changes, *(f"请留意：{fault_text(doubt, _CHINESE)}" for doubt in line.doubts)]


def _sentence(fault: Fault) -> str:
    return "：".join(part for part in (field_name(fault.field, _CHINESE), fault_text(fault, _CHINESE)) if part)


def _known_as(actor: Actor) -> str:
    return f"{actor.name}（{actor.login}）"


def _format_of(file: Path) -> Format:
    if file.suffix == ".xlsx":
        return "xlsx"
    if file.suffix == ".csv":
        return "csv"
    raise click.UsageError("文件名要以 .xlsx 或 .csv 结尾")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"--at {text}：不是时间，例如 2026-06-18T12:00:00+08:00") from error
    if at.tzinfo is None:
        raise click.UsageError(f"--at {text}：请写明时区，例如 {text}+08:00")
    return at


def _settings(config: Path | None) -> Settings:
    settings = load_settings(config)
    set_up_logs(settings.log_format, "warning")
    return settings
