"""Price lists as the files people really send: workbooks with formulas and dates, CSV in whatever encoding."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest

from scrm.core.errors import BadInput
from scrm.core.price_book.cells import Unreadable
from scrm.core.price_book.columns import Sheet
from scrm.price_files import read_file, write_csv, write_workbook

ROWS = [["商品编码", "商品名称", "标价"], ["X3", "X3洗衣机，白", "3,999"]]


def workbook(*rows: list[object], **cached: object) -> bytes:
    """A workbook; `cached` are the results a spreadsheet has kept of formulas, by cell."""
    book = openpyxl.Workbook()
    book.active.title = "商品"
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return _with_results(file.getvalue(), cached) if cached else file.getvalue()


def _with_results(content: bytes, cached: dict[str, object]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                xml = text.decode()
                for cell, value in cached.items():
                    start = xml.index(f'<c r="{cell}"')
                    end = xml.index("</c>", start)
                    kind = ' t="e"' if str(value).startswith("#") else ""
                    kept = xml[start:end].replace("<v></v>", "").replace("<v />", "").replace("<v/>", "")
                    kept = kept.replace(f'r="{cell}"', f'r="{cell}"{kind}')
                    xml = xml[:start] + kept + f"<v>{value}</v>" + xml[end:]
                text = xml.encode()
            new.writestr(name, text)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_in_any_encoding_and_with_any_delimiter(encoding: str, delimiter: str) -> None:
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in ROWS)

    (sheet,) = read_file(text.encode(encoding))

    assert [cells for _, cells in sheet.rows] == ROWS


def test_rows_keep_their_numbers_and_empty_ones_are_left_out() -> None:
    (sheet,) = read_file("商品编码,标价\n,\n\nX3,1\n".encode())

    assert [number for number, _ in sheet.rows] == [1, 4]


def test_numbers_are_as_a_spreadsheet_shows_them_and_dates_are_dates() -> None:
    at = datetime.fromisoformat("2026-06-18 20:00")
    (sheet,) = read_file(workbook(["甲", 3999 * 0.9, 3999, 0.1 + 0.2, at, None, True]))

    assert sheet.rows[0][1] == ["甲", Decimal("3599.1"), Decimal(3999), Decimal("0.3"), at, None, True]


def test_a_formula_is_its_result_and_without_one_it_is_said() -> None:
    (sheet,) = read_file(workbook(["=1+1", "=A1*2", "=1/0"], B1=4, C1="#DIV/0!"))

    assert sheet.rows[0][1] == [Unreadable(), Decimal(4), Unreadable("#DIV/0!")]


def test_what_begins_like_a_formula_stays_a_text() -> None:
    names = ["=1+1", "+86", "-甲", "@甲", "'甲", "00123"]
    sheet = Sheet("商品", [(1, ["名称"] * len(names)), (2, names)])

    assert list(read_file(write_workbook([sheet]))[0].rows[1][1]) == names
    assert list(read_file(write_csv(sheet))[0].rows[1][1]) == names
    assert b"\n'=1+1,'+86,'-" in write_csv(sheet).replace(b"\r", b"")


def test_sheets_that_are_hidden_are_not_read() -> None:
    book = openpyxl.Workbook()
    book.active.append(["商品编码"])
    hidden = book.create_sheet("旧价")
    hidden.append(["商品编码"])
    hidden.sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)

    assert [sheet.name for sheet in read_file(file.getvalue())] == ["Sheet"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 broken", "已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧格式"),
        (b"\x81\x00\xff\xff", "编码不是 UTF-8"),
        (b"x" * (20 * 1024 * 1024 + 1), "超过 20 MiB"),
        (b"a,b\n" * 50_001, "超过 50,000 行"),
    ],
)
def test_what_is_no_price_list_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        read_file(content)
