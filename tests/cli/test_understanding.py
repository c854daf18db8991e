from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scrm.cli import main
from scrm.intent_files import load_intents

BUILTIN = ("--package", "scripts_library")


def run(*arguments: str, lines: str = "") -> Result:
    return CliRunner().invoke(main, [*arguments, *BUILTIN], input=lines)


def rows(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_tag_prints_one_line_per_message_with_spans_and_rules() -> None:
    result = run(
        "tag", "-", lines='{"id": "a", "text": "年课多少钱", "speaker": "customer"}\n{"id": 2, "text": "嗯"}\n'
    )

    first, second = rows(result)
    assert result.exit_code == 0
    assert first["id"] == "a"
    (model,) = load_intents([files("scripts_library")])
    (found,) = first["tags"]
    assert found.pop("score") > 0.9
    assert found == {
        "tag": "ask_price",
        "name": "询价",
        "kind": "intent",
        "start": 2,
        "end": 5,
        "rule": "ask_price",
        "version": f"1+{model.fingerprint}",
    }
    assert (second["id"], [found["tag"] for found in second["tags"]]) == (2, ["acknowledge"])


def test_both_engines_give_the_same_tags() -> None:
    lines = '{"id": 1, "text": "这也太贵了，我在贵州，能退款吗", "speaker": "customer"}\n'

    assert run("tag", "-", lines=lines).stdout == run("tag", "-", "--engine", "jieba", lines=lines).stdout


@pytest.mark.parametrize("command", ["tag", "suggest"])
def test_bad_lines_are_told_with_their_number_and_the_others_processed(command: str) -> None:
    lines = '{"id": 1, "text": "退款"}\n{"id": 2\n\n{"text": "x"}\n{"id": 5, "text": "退款", "speaker": "boss"}\n[]\n'

    result = run(command, "-", lines=lines + '{"id": 7, "text": "退款"}\n')

    assert result.exit_code == 2
    assert [row["id"] for row in rows(result)] == [1, 7]
    assert [line.split("读不了")[0] for line in result.stderr.splitlines()] == [
        "第 2 行",
        "第 4 行",
        "第 5 行",
        "第 6 行",
    ]
    assert "id：缺少这一项" in result.stderr


def test_bytes_that_are_no_utf8_are_one_bad_line(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes('{"id": 1, "text": "退款"}\n'.encode("gbk") + '{"id": 2, "text": "退款"}\n'.encode())

    result = run("tag", str(file))

    assert result.exit_code == 2
    assert [row["id"] for row in rows(result)] == [2]


def test_suggest_ranks_scripts_fills_them_and_names_what_is_missing() -> None:
    line = '{"id": 1, "text": "年课多少钱", "speaker": "customer"}\n'

    (empty,) = rows(run("suggest", "-", lines=line))
    (filled,) = rows(run("suggest", "-", "--limit", "1", "--set", "price:年课=3,800 元", lines=line))

    assert empty["suggestions"][0]["missing"] == ["price:年课"]
    assert filled["suggestions"][0]["script"] == "language_school/price-year"
    assert filled["suggestions"][0]["missing"] == []
    assert "3,800 元" in filled["suggestions"][0]["text"]
    assert "客户常问：年课多少钱（年课多少钱）" in filled["suggestions"][0]["reasons"]


def test_suggest_can_leave_out_what_is_not_ready() -> None:
    (row,) = rows(run("suggest", "-", "--ready", lines='{"id": 1, "text": "年课多少钱", "speaker": "customer"}\n'))

    assert all(found["missing"] == [] for found in row["suggestions"])


def test_suggest_takes_what_was_said_before_into_account() -> None:
    lines = (
        '{"id": 1, "text": "那个呢", "history": ["发票怎么开"]}\n{"id": 2, "text": "发票怎么开", "speaker": "rep"}\n'
    )

    customer, rep = rows(run("suggest", "-", lines=lines))

    assert "general_service/invoice" in [found["script"] for found in customer["suggestions"]]
    assert rep["suggestions"] == []


def test_a_setting_out_of_form_is_refused() -> None:
    result = run("suggest", "-", "--set", "customer_name")

    assert result.exit_code == 2
    assert "变量=文字" in result.stderr


def test_an_unknown_package_is_told() -> None:
    result = CliRunner().invoke(main, ["tag", "-", "--package", "no_such_library"], input="")

    assert result.exit_code == 1
    assert "no_such_library" in result.stderr


def test_check_is_content_with_the_shipped_packs() -> None:
    result = run("scripts", "check")

    assert result.exit_code == 0
    assert "没有问题" in result.stdout


def test_check_names_file_script_and_problem(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text(
        'id = "p"\nname = "p"\ntrade = "p"\nversion = "1"\n[categories]\nc = "类"\n', encoding="utf-8"
    )
    (tmp_path / "x.md").write_text('+++\nid = "a"\ntitle = "t"\ncategory = "c"\n+++\n只要99元\n', encoding="utf-8")

    result = run("scripts", "check", str(tmp_path))

    assert result.exit_code == 1
    assert (
        result.stdout == f"{tmp_path / 'x.md'}: [a] 正文写死了价格 '99元'；价格一律来自价格本，写成 {{price:产品名}}\n"
    )
    assert "1 个问题" in result.stderr


def test_list_prints_every_script() -> None:
    listed = rows(run("scripts", "list"))

    assert len(listed) >= 80
    assert {"script", "title", "category", "text", "valid_until"} <= set(listed[0])


def test_check_holds_scripts_against_the_price_book_and_the_rules(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text(
        'id = "p"\nname = "p"\ntrade = "p"\nversion = "1"\n[categories]\nc = "类"\n[variables]\nprice = "价"\n',
        encoding="utf-8",
    )
    head = '+++\nid = "a"\ntitle = "t"\ncategory = "c"\nvariables = ["price:年课"]\n+++\n'
    (tmp_path / "x.md").write_text(head + "年课打9折以后是{price:年课}\n", encoding="utf-8")
    prices = tmp_path / "prices.toml"
    prices.write_text('[[product]]\nsku = "Y"\nname = "年课"\nlist_price = 5980\n', encoding="utf-8")

    without = run("scripts", "check", str(tmp_path))
    result = run("scripts", "check", str(tmp_path), "--prices", str(prices))

    assert result.exit_code == 1
    assert "p/a：S2 折扣与价格对不上" in result.stdout
    assert "折扣与价格对不上" not in without.stdout
