"""`scrm audit`: check the audit log, sign it, take it out, prove from it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
from pydantic import JsonValue

from scrm.bootstrap import open_hub, prepare_database, utc_now
from scrm.cli.serve import config_option
from scrm.core.audit_check import Kind, Verdict
from scrm.core.audit_notes import Note, PublicKey, read_keys
from scrm.core.errors import BadInput, ScrmError
from scrm.core.ids import row
from scrm.hub import Hub
from scrm.services.audit import (
    STALE_AFTER,
    adopt_key,
    checkpoint_folder,
    erase_payloads,
    export_log,
    make_checkpoint,
    rotate_key,
    verify_export,
    verify_log,
)
from scrm.services.audit_keys import KeyFile
from scrm.settings import Settings, load_settings
from scrm.store.database import Database
from scrm.telemetry import set_up_logs

INTACT, TAMPERED, UNANCHORED, UNREADABLE = 0, 1, 2, 3
_STATUS = {INTACT: "intact", TAMPERED: "tampered", UNANCHORED: "unanchored", UNREADABLE: "unreadable"}
_KINDS = {
    Kind.MISSING_FIRST: "最前面的记录不见了",
    Kind.GAP: "中间的记录不见了",
    Kind.REORDERED: "记录的次序被调换",
    Kind.CONTENT_MISMATCH: "内容与当初的承诺值不符",
    Kind.ENTRY_MISMATCH: "操作人、时间、动作或对象被改动",
    Kind.PREV_MISMATCH: "与上一条记录接不上",
    Kind.FORGED: "这一条是伪造的,哈希是后来重算的",
    Kind.TRUNCATED: "从这里起的记录被截掉,或恢复了较旧的备份",
    Kind.ROOT_MISMATCH: "与已签名的检查点不符:这一条或之前的记录被整体重写",
    Kind.BAD_CHECKPOINT: "检查点的签名不对,或不是本系统的密钥签的",
    Kind.WORDING_MISMATCH: "消息原文与入库时的承诺值不符",
    Kind.WORDING_UNLOGGED: "这条消息从未记入日志,是绕过系统写进去的",
    Kind.WORDING_MISSING: "记入日志的消息不见了",
}
_ResultT = TypeVar("_ResultT")
_file = click.Path(dir_okay=False, path_type=Path)
_there = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """审计日志:校验、签名、导出、取证。"""


@audit.command()
@config_option
@click.option("--db", help="要校验的数据库,默认为设置中的 database_url;只读,不要求服务在运行。")
@click.option("--file", "export_file", type=_there, help="校验导出的 JSONL 文件,不需要数据库。")
@click.option("--checkpoint", "checkpoints", type=_there, multiple=True, help="另外保存的检查点文件,可多次。")
@click.option("--pubkey", type=_there, help="公钥文件;不给则用本机密钥旁的 .pub。")
@click.option("--from", "start", type=click.IntRange(1), default=1, help="从包含这一条的检查点之后开始,默认从第一条。")
@click.option("--to", "until", type=click.IntRange(1), help="只校验到这一条。")
@click.option("--contents", is_flag=True, help="同时核对每条消息的原文和历次修改。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def verify(
    config: Path | None,
    db: str | None,
    export_file: Path | None,
    checkpoints: tuple[Path, ...],
    pubkey: Path | None,
    start: int,
    until: int | None,
    contents: bool,
    as_json: bool,
) -> None:
    """校验审计日志。退出码:0 完好且都有签名为证,1 被改动,2 完好但末尾尚未签名,3 读不了。"""
    try:
        notes = [Note.read(_text(path)) for path in checkpoints]
        keys = read_keys(_text(pubkey)) if pubkey else None
        if export_file is not None:
            if contents or start > 1:
                raise BadInput("--contents and --from need the database: the file alone begins with the first entry")
            code, verdict = _of_export(export_file, notes, keys, until)
        else:
            settings = _readable(_settings(config, db))
            code, verdict = asyncio.run(_of_database(settings, notes, keys, start, until, contents=contents))
    except ScrmError as error:
        _say_unreadable(str(error), as_json=as_json)
        raise click.exceptions.Exit(UNREADABLE) from error
    click.echo(json.dumps(_as_json(code, verdict), ensure_ascii=False) if as_json else _in_words(code, verdict))
    raise click.exceptions.Exit(code)


@audit.command()
@config_option
@click.argument("file", type=_file)
def export(config: Path | None, file: Path) -> None:
    """把整份日志导出到 FILE(JSONL),旁边放上检查点和公钥;导出本身也会记入日志。"""

    async def work(hub: Hub) -> None:
        with file.open("x", encoding="utf-8") as stream:
            exported = await export_log(hub, None, stream)
        click.echo(f"已导出 {exported.size:,} 条:{file}")
        if exported.note is not None:
            checkpoint, public = file.with_suffix(".checkpoint.txt"), file.with_suffix(".pub")
            checkpoint.write_text(exported.note.text, encoding="utf-8")
            public.write_text(_keys_text(hub.settings), encoding="utf-8")
            click.echo(f"检查点:{checkpoint}\n公钥:{public}")

    if file.exists():
        raise click.ClickException(f"{file} 已经存在,不会覆盖")
    _with_hub(config, work)


@audit.command()
@config_option
def checkpoint(config: Path | None) -> None:
    """现在就为日志签名,并把检查点写到 audit_checkpoints 文件夹。"""

    async def work(hub: Hub) -> tuple[Note | None, Path]:
        return await make_checkpoint(hub), checkpoint_folder(hub)

    note, folder = _with_hub(config, work)
    if note is None:
        click.echo("自上一个检查点以来没有新的记录,或校验未通过(见上面的日志;可运行 scrm audit verify)")
        return
    click.echo(f"已签名 {note.checkpoint.size:,} 条,检查点在 {folder}")


@audit.command()
@config_option
@click.option("--case", "case_id", required=True, help="案件编号,cas_ 开头。")
@click.option("--out", type=_file, help="写到哪个文件,默认 <案件编号>.zip。")
def prove(config: Path | None, case_id: str, out: Path | None) -> None:
    """导出一个案件的证据包(ZIP):离线可读,可用包内的 verify.mjs 独立校验。"""
    from scrm.web.evidence import export_case

    row("cas", case_id)
    target = out or Path(f"{case_id}.zip")

    async def work(hub: Hub) -> bytes:
        return await export_case(hub, None, row("cas", case_id))

    target.write_bytes(_with_hub(config, work))
    click.echo(f"证据包:{target}")


@audit.command()
@config_option
@click.argument("seq", type=click.IntRange(1), nargs=-1, required=True)
@click.option("--reason", required=True, help="擦除的理由,留在日志里。")
def erase(config: Path | None, seq: tuple[int, ...], reason: str) -> None:
    """擦除第 SEQ 条记录的内容(个人信息);谁在何时对什么做了事仍在,日志仍可校验。"""

    async def work(hub: Hub) -> int:
        return await erase_payloads(hub, seq, reason)

    click.echo(f"已擦除 {_with_hub(config, work)} 条的内容")


@audit.group()
def key() -> None:
    """签名密钥。"""


@key.command("show")
@config_option
def show(config: Path | None) -> None:
    """列出公钥,最新的在最后;交给外部审计人员,或单独保存。"""
    click.echo(_keys_text(_settings(config, None)), nl=False)


@key.command("rotate")
@config_option
def rotate(config: Path | None) -> None:
    """换一把新密钥:旧密钥为新密钥签名,记入日志,之后的检查点用新密钥签。"""
    old, new = _with_hub(config, lambda hub: rotate_key(hub, None))
    click.echo(f"旧密钥 {old.id.hex()} → 新密钥 {new.id.hex()};请保存新的密钥文件和公钥")


@key.command("adopt")
@config_option
def adopt(config: Path | None) -> None:
    """旧密钥已丢失时,改用现有的密钥文件;日志里会留下这一笔。"""
    public = _with_hub(config, lambda hub: adopt_key(hub, None))
    click.echo(f"今后用密钥 {public.id.hex()} 签名")


@dataclass(frozen=True, slots=True)
class _Bare:
    """A database and its settings, with nothing running: what checking needs."""

    settings: Settings
    db: Database


async def _of_database(
    settings: Settings,
    notes: Sequence[Note],
    keys: Sequence[PublicKey] | None,
    start: int,
    until: int | None,
    *,
    contents: bool,
) -> tuple[int, Verdict]:
    async def nobody(_topics: frozenset[str]) -> None:
        """Nothing is written, nobody is woken."""

    database = Database(settings.database_url, now=utc_now, wake=nobody)
    try:
        verdict = await verify_log(
            _Bare(settings, database), notes=notes, trusted=keys, start=start, until=until, contents=contents
        )
    except ScrmError:
        raise
    except Exception as error:
        raise BadInput(f"the database cannot be read: {error}") from error
    finally:
        await database.close()
    stale = until is None and (verdict.anchored_at is None or utc_now() - verdict.anchored_at > STALE_AFTER)
    return _code(verdict, stale=stale), verdict


def _of_export(
    file: Path, notes: Sequence[Note], keys: Sequence[PublicKey] | None, until: int | None
) -> tuple[int, Verdict]:
    if notes and not keys:
        raise BadInput("a checkpoint proves nothing without the key that signed it: give --pubkey")
    with file.open(encoding="utf-8", newline="\n") as lines:
        try:
            verdict = verify_export(lines, notes=notes, trusted=keys or (), until=until)
        except UnicodeDecodeError as error:
            raise BadInput(f"{file} is not UTF-8: {error}") from error
    return _code(verdict, stale=False), verdict


def _code(verdict: Verdict, *, stale: bool) -> int:
    if not verdict.intact:
        return TAMPERED
    return UNANCHORED if verdict.unanchored or stale or not verdict.size else INTACT


def _in_words(code: int, verdict: Verdict) -> str:
    trouble = verdict.trouble
    if trouble is not None:
        about = f"({trouble.about})" if trouble.about else ""
        where = f"第 {trouble.seq:,} 条{about}" if trouble.seq else trouble.about
        return f"被改动:{where},{_KINDS[trouble.kind]} [{trouble.kind.value}]"
    erased = f";其中 {verdict.erased:,} 条的内容已按记录擦除" if verdict.erased else ""
    whole = f"完好:共 {verdict.size:,} 条{erased}"
    if code == INTACT:
        return f"{whole};全部有 {_local(verdict.anchored_at)} 签名的检查点为证"
    if not verdict.unanchored and verdict.anchored_at is not None:
        return f"{whole};但最近一次签名是 {_local(verdict.anchored_at)},之后是否有记录被截掉无从证明"
    since = f"(自 {_local(verdict.open_since)} 起)" if verdict.open_since else ""
    return f"{whole};最后 {verdict.unanchored:,} 条{since}尚无签名为证,运行 scrm audit checkpoint 可立即签名"


def _as_json(code: int, verdict: Verdict) -> dict[str, JsonValue]:
    trouble = verdict.trouble
    return {
        "status": _STATUS[code],
        "size": verdict.size,
        "head": verdict.head.hex(),
        "erased": verdict.erased,
        "anchored": verdict.anchored,
        "anchored_at": verdict.anchored_at.isoformat() if verdict.anchored_at else None,
        "unanchored": verdict.unanchored,
        "open_since": verdict.open_since.isoformat() if verdict.open_since else None,
        "trouble": {"seq": trouble.seq, "kind": trouble.kind.value, "about": trouble.about} if trouble else None,
    }


def _say_unreadable(reason: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"status": _STATUS[UNREADABLE], "reason": reason}, ensure_ascii=False))
    else:
        click.echo(f"读不了:{reason}", err=True)


def _local(at: datetime | None) -> str:
    return (at or datetime.now(UTC)).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def _keys_text(settings: Settings) -> str:
    return "".join(f"{one.text}\n" for one in KeyFile.of(settings).public_keys())


def _readable(settings: Settings) -> Settings:
    """Opening an SQLite file that is not there would make it."""
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.database_url.startswith("sqlite:///") and not file.is_file():
        raise BadInput(f"there is no database {file}")
    return settings


def _settings(config: Path | None, url: str | None) -> Settings:
    settings = load_settings(config, **({"database_url": url} if url else {}))
    set_up_logs(settings.log_format, "warning")
    return settings


def _with_hub(config: Path | None, work: Callable[[Hub], Awaitable[_ResultT]]) -> _ResultT:
    async def run() -> _ResultT:
        settings = _settings(config, None)
        await prepare_database(settings)
        async with open_hub(settings) as hub:
            return await work(hub)

    return asyncio.run(run())
