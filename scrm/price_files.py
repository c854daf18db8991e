"""Price lists as files: workbooks and CSV to sheets of cells, and back."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from scrm.core.errors import BadInput
from scrm.core.price_book.cells import Cell, Unreadable
from scrm.core.price_book.columns import Sheet

Format = Literal["xlsx", "csv"]
CONTENT_TYPES: dict[Format, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
LARGEST_FILE = 20 * 1024 * 1024
_MOST_ROWS = 50_000
_DELIMITERS = (",", ";", "\t")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "'")
_WIDTHS = {"商品编码": 16, "商品名称": 24, "名称": 24, "活动名称": 22, "别名": 28, "怎样填": 64, "条件": 18, "列": 16}


def read_file(content: bytes) -> tuple[Sheet, ...]:
    """The sheets of a price list, whatever kind of file it is. `BadInput` when it is neither a workbook nor CSV."""
    if len(content) > LARGEST_FILE:
        raise BadInput("文件超过 20 MiB，请拆成几个文件")
    if content.startswith(b"PK\x03\x04"):
        return _read_workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput("这是旧格式（.xls）或带密码的工作簿，打不开；请在 Excel 中去掉密码，另存为 .xlsx 后再导入")
    return (_read_csv(content),)


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """A workbook for people to fill in: a header that stays in sight, days as days, texts that are never formulas."""
    book = openpyxl.Workbook(write_only=True)
    for sheet in sheets:
        made = book.create_sheet(sheet.name)
        made.freeze_panes = "A2"
        titles = [str(cell) for cell in sheet.rows[0][1]]
        for place, title in enumerate(titles, start=1):
            made.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(title, 14)
        for number, cells in sheet.rows:
            made.append([_styled(made, cell, header=number == 1) for cell in cells])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def write_csv(sheet: Sheet) -> bytes:
    """UTF-8 with the mark that lets Excel read the Chinese."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    for _, cells in sheet.rows:
        writer.writerow([_csv_text(cell) for cell in cells])
    return file.getvalue().encode("utf-8-sig")


# --- workbooks ---------------------------------------------------------------------------------------------------


def _read_workbook(content: bytes) -> tuple[Sheet, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl complains of workbooks that Excel opens without a word
            values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
            try:
                return tuple(
                    Sheet(sheet.title, list(_rows(sheet, formulas[sheet.title])))
                    for sheet in values.worksheets
                    if sheet.sheet_state == "visible"
                )
            finally:
                values.close()
                formulas.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, ParseError, OSError) as error:
        raise BadInput("这个 Excel 文件已损坏，打不开；请重新导出后再导入") from error


def _rows(
    values: openpyxl.worksheet._read_only.ReadOnlyWorksheet, formulas: openpyxl.worksheet._read_only.ReadOnlyWorksheet
) -> Iterator[tuple[int, list[Cell]]]:
    for sheet in (values, formulas):
        sheet.reset_dimensions()  # some writers state a size of one cell; openpyxl would stop there
    both = zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=True)
    for number, (row, written) in enumerate(both, start=1):
        if number > _MOST_ROWS:
            raise BadInput(f"“{values.title}”表超过 {_MOST_ROWS:,} 行，请拆成几个文件")
        cells = [_cell(value, formula) for value, formula in zip(row, written, strict=True)]
        if any(cell is not None for cell in cells):
            yield number, cells


def _cell(value: object, written: object) -> Cell:
    is_formula = isinstance(written, str) and written.startswith("=") and written != value
    if value is None:
        return Unreadable() if is_formula else None
    if isinstance(value, bool | str):
        return Unreadable(value) if is_formula and isinstance(value, str) and value.startswith("#") else value
    if isinstance(value, int | float):
        # A spreadsheet counts with 15 digits: 3999 * 0.9 is 3599.1, not 3599.1000000000004.
        return Decimal(format(value, ".15g"))
    if isinstance(value, datetime | date):
        return value
    return str(value)


def _styled(sheet: openpyxl.worksheet._write_only.WriteOnlyWorksheet, value: Cell, *, header: bool) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, None)
    if isinstance(value, str):
        cell.value = value
        cell.data_type = "s"  # a name that begins with = is a name
        cell.number_format = "@"
    else:
        cell.value = value
    if isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    if header:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E4F1EE")
    elif sheet.title == "说明":
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


# --- CSV ---------------------------------------------------------------------------------------------------------


def _read_csv(content: bytes) -> Sheet:
    text = _decoded(content)
    head = text[:4096]
    delimiter = max(_DELIMITERS, key=head.count)
    rows: list[tuple[int, list[Cell]]] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            if number > _MOST_ROWS:
                raise BadInput(f"文件超过 {_MOST_ROWS:,} 行，请拆成几个文件")
            if any(cells):
                rows.append((number, [_csv_cell(cell) for cell in cells]))
    except csv.Error as error:
        raise BadInput(f"第 {len(rows) + 1} 行附近的引号不成对，读不下去：{error}") from error
    return Sheet("", rows)


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("文件的编码不是 UTF-8，也不是 GBK/GB18030，读不出文字；请在 Excel 中另存为“CSV UTF-8”后再导入")


def _csv_cell(text: str) -> Cell:
    """A text as it was before it was protected from being taken for a formula."""
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text.removeprefix("'")


def _csv_text(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    text = "" if cell is None else str(cell)
    # A spreadsheet would run a text that begins like a formula.
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
