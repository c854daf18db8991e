"""`scrm prices` as an operator uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scrm.bootstrap import open_hub
from scrm.cli import main
from scrm.core.access import Role
from scrm.services.accounts import add_user
from scrm.settings import load_settings

GOOD = '商品编码,商品名称,标价,底价（销售）\nX3,X3洗衣机,"3,999",3500\nD1,烘干机,2999,\n'
BAD = "商品编码,商品名称,标价,备注\nX3,X3洗衣机,三千,\n,烘干机,2999,\n"


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the operator works: a database with an account that may approve."""
    (tmp_path / "scrm.db").write_bytes(migrated_file.read_bytes())
    monkeypatch.chdir(tmp_path)

    async def add() -> None:
        async with open_hub(load_settings()) as hub:
            await add_user(hub, None, login="li", name="李主管", role=Role.MANAGER, password="a-long-password")
            await add_user(hub, None, login="lin", name="林晓雨", role=Role.REP, password="a-long-password")

    asyncio.run(add())
    return tmp_path


def scrm(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["prices", *map(str, arguments)], terminal_width=200)


def written(folder: Path, text: str, name: str = "prices.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_price_list_is_checked_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good, bad = scrm("check", written(tmp_path, GOOD)), scrm("check", written(tmp_path, BAD, "bad.csv"))

    assert (good.exit_code, good.output.splitlines()[-1]) == (0, "新增 2 行")
    assert (bad.exit_code, bad.output.splitlines()[-1]) == (1, "不能导入 3 行")
    for reason in ("备注：不认识这一列", "“三千”不是金额", "商品编码：必须填写"):
        assert reason in bad.output.replace("\n", "")
    assert not list(tmp_path.glob("*.db"))


def test_the_price_book_of_the_settings_is_checked_too(tmp_path: Path) -> None:
    toml = '[[product]]\nsku = "A"\nname = "甲"\nlist_price = 100\nfloors = {rep = 120}\n'

    result = scrm("check", written(tmp_path, toml, "prices.toml"))

    assert result.exit_code == 1
    assert "底价 120 高于标价 100" in result.output


def test_a_price_list_is_proposed_or_approved_at_once(folder: Path) -> None:
    proposed = scrm("import", written(folder, GOOD))
    assert proposed.output.splitlines()[-1] == "已提交 2 个商品的变更，等待另一个人批准"
    assert "没有任何" in scrm("import", scrm_export(folder, "empty.csv"), "--preview").output

    approved = scrm("import", folder / "prices.csv", "--approve-as", "li", "--reason", "开业")
    assert approved.output.splitlines()[-1] == "2 个商品的变更已由 李主管（li） 批准，现在起生效"
    again = scrm("import", scrm_export(folder, "now.xlsx"), "--approve-as", "li")
    assert again.output.splitlines()[-1] == "不变 2 行"
    assert "X3洗衣机" in scrm_export(folder, "now.csv").read_text("utf-8-sig")


def test_nothing_is_proposed_where_a_row_is_wrong_or_the_account_may_not(folder: Path) -> None:
    assert scrm("import", written(folder, BAD)).exit_code == 1
    unknown = scrm("import", written(folder, GOOD), "--approve-as", "nobody")
    assert (unknown.exit_code, "没有账号 nobody" in unknown.output) == (1, True)
    rep = scrm("import", written(folder, GOOD), "--approve-as", "lin")
    assert (rep.exit_code, "prices.approve" in rep.output) == (1, True)
    assert asyncio.run(proposals()) == 0
    assert scrm("export", folder / "prices.pdf").exit_code == 2
    assert scrm("export", folder / "prices.csv", "--at", "2026-06-18").exit_code == 2


async def proposals() -> int:
    async with open_hub(load_settings()) as hub, hub.db.reading() as tx:
        return await tx.prices.count_open()


def scrm_export(folder: Path, name: str) -> Path:
    assert scrm("export", folder / name).exit_code == 0
    return folder / name
