"""`scrm quotes` and `scrm check` on files of JSON lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from scrm.cli.quotes import check, quotes

BOOK = [
    {
        "sku": "WM-X3",
        "name": "X3洗衣机",
        "aliases": ["X3"],
        "list_price": 3999,
        "unit": None,
        "promotions": [
            {
                "name": "618",
                "price": 3599,
                "from": "2026-06-10T00:00:00+08:00",
                "to": "2026-06-18T23:59:59+08:00",
                "condition": None,
            }
        ],
        "floors": {"rep": 3500},
    }
]
EVENTS = [
    {
        "id": "e2",
        "at": "2026-06-13T09:05:00+08:00",
        "channel": "wecom",
        "speaker": "rep",
        "actor": "liwei",
        "customer": "c1",
        "type": "message",
        "text": "姐,X3给您最低3999",
    },
    {
        "id": "e1",
        "at": "2026-06-12T10:22:00+08:00",
        "channel": "webchat",
        "speaker": "agent",
        "actor": "kf01",
        "customer": "c1",
        "type": "message",
        "text": "X3现在活动价3599元,到18号",
    },
    {
        "id": "e3",
        "at": "2026-06-12T10:25:00+08:00",
        "channel": "webchat",
        "speaker": "agent",
        "actor": "kf01",
        "customer": "c1",
        "type": "recall",
        "recalls": "e1",
    },
    {
        "id": "e4",
        "at": "2026-06-14T10:25:00+08:00",
        "channel": "phone",
        "speaker": "rep",
        "actor": "liwei",
        "customer": "c1",
        "type": "call",
        "text": "X3 4500",
    },
]


def _lines(*rows: object) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def test_quotes_are_printed_as_json_lines_with_numbers_as_numbers():
    result = CliRunner().invoke(
        quotes, ["-"], input=_lines({"id": "a", "text": "到手价3599.5，送您一个支架", "speaker": "rep"})
    )

    row = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (row["id"], row["quotes"][0]["value"], row["quotes"][1]["value"]) == ("a", 3599.5, 1)
    assert (
        row["quotes"][0] | {"start": 3, "end": 9, "kind": "price", "stance": "offer", "value_max": None}
        == row["quotes"][0]
    )


def test_a_bad_line_is_told_with_its_number_and_the_others_are_read():
    lines = _lines({"id": 1, "text": "3599元", "speaker": "rep"}) + b"{oops\n" + _lines({"id": 3, "text": "多少钱"})

    result = CliRunner().invoke(quotes, ["-"], input=lines)

    assert result.exit_code == 2
    assert "第 2 行" in result.stderr
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [1, 3]


def test_findings_are_printed_with_their_evidence_and_a_reason():
    result = CliRunner().invoke(check, ["-"], input=_lines({"id": "s", "price_book": BOOK, "events": EVENTS}))

    recalled, finding = json.loads(result.stdout)["findings"]
    assert (recalled["rule"], recalled["event"], recalled["against"]) == ("message-recalled", "e3", "e1")
    assert finding == {
        "rule": "price-higher-later",
        "event": "e2",
        "against": "e1",
        "severity": "S3",
        "reason": "webchat客服 kf01 06-12 10:22 报价 3,599 元(到 06-18 有效)；这里是 3,999 元",
    }


def test_reasons_come_in_english_too():
    result = CliRunner().invoke(
        check, ["-", "--language", "en"], input=_lines({"id": "s", "price_book": BOOK, "events": EVENTS})
    )

    assert (
        "webchat service agent kf01 quoted CNY 3,599 on 06-12 10:22 (valid until 06-18); here it is CNY 3,999"
        in result.stdout
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"price_book": [{**BOOK[0], "list_price": "many"}]}, "Product WM-X3, list_price"),
        ({"events": [{**EVENTS[0], "at": "yesterday"}]}, "第 1 行"),
        ({"events": [{**EVENTS[0], "speaker": "boss"}]}, "第 1 行"),
    ],
)
def test_a_scenario_that_cannot_be_read_says_what_is_wrong(change, complaint):
    good = {"id": "s", "price_book": BOOK, "events": EVENTS}

    result = CliRunner().invoke(check, ["-"], input=_lines(good | change, good))

    assert result.exit_code == 2
    assert complaint in result.stderr
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["s"]


def test_the_commands_start_without_database_web_server_or_segmenter(tmp_path: Path):
    (tmp_path / "talk.jsonl").write_bytes(_lines({"id": 1, "text": "3599元", "speaker": "rep"}))
    script = (
        "import sys; from scrm.cli.quotes import quotes\n"
        "quotes(['talk.jsonl'], standalone_mode=False)\n"
        "heavy = {'sqlalchemy', 'aiohttp', 'redis', 'rjieba', 'jieba', 'cryptography', 'openpyxl'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )

    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60, capture_output=True)
