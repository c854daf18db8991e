"""Reading the rows of CSV files and workbooks one by one, whatever their encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from connectors.call_log.asterisk import is_cdr_row
from connectors.call_log.cells import cell_text, plain_text
from connectors.call_log.columns import read_header
from scrm.connector import BadInput

_DELIMITERS = (",", ";", "\t", "|")
_HEAD_CHARACTERS = 65_536
_CHUNK_BYTES = 1 << 20
HEADER_WITHIN = 20
"""A header stands in one of the first so many rows."""

Row = tuple[int, Sequence[str]]


class BrokenRow(ValueError):
    """A row whose quoting cannot be read; rows after it can."""


def read_rows(file: BinaryIO) -> Iterator[Row | tuple[int, BrokenRow]]:
    """(row number from 1, cells) of every row with something in it. `BadInput` when it is neither CSV nor XLSX."""
    kind = _kind(file)
    if kind == "xlsx":
        return _workbook_rows(file)
    if kind == "xls":
        raise BadInput(
            "这是旧格式（.xls）或带密码的工作簿，打不开；请在 Excel 中去掉密码，另存为 .xlsx 或 CSV 后再导入"
        )
    return _csv_rows(file)


def count_rows(file: BinaryIO) -> int:
    """How many rows `read_rows` gives; for a workbook that states its size, what it states."""
    if _kind(file) == "xlsx":
        with _sheet(file) as (_, stated):
            if stated > HEADER_WITHIN:
                return stated
    return sum(1 for _ in read_rows(file))


def _kind(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    return "xls" if start.startswith(b"\xd0\xcf\x11\xe0") else "csv"


def _workbook_rows(file: BinaryIO) -> Iterator[Row]:
    with _sheet(file) as (rows, _):
        for number, values in enumerate(rows, start=1):
            cells = [cell_text(value) for value in values]
            if any(cells):
                yield number, cells


@contextmanager
def _sheet(file: BinaryIO) -> Iterator[tuple[Iterable[Sequence[object]], int]]:
    """The rows of the first sheet that has a header of ours (else of the first), and how many rows it says it has."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl complains of workbooks that Excel opens without a word
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, ParseError, OSError) as error:
        raise BadInput("这个 Excel 文件已损坏，打不开；请重新导出后再导入") from error
    try:
        sheet = next(filter(_has_header, book.worksheets), book.worksheets[0])
        stated = sheet.max_row or 0
        # Some writers state a size of one cell; openpyxl would stop there.
        sheet.reset_dimensions()
        yield sheet.iter_rows(values_only=True), stated
    except (ParseError, zipfile.BadZipFile, KeyError, IndexError, OSError) as error:
        raise BadInput("这个 Excel 文件的内容已损坏；请重新导出后再导入") from error
    finally:
        book.close()


def _has_header(sheet: openpyxl.worksheet._read_only.ReadOnlyWorksheet) -> bool:
    sheet.reset_dimensions()
    head = sheet.iter_rows(max_row=HEADER_WITHIN, values_only=True)
    return any(read_header([cell_text(value) for value in values]) for values in head)


def _csv_rows(file: BinaryIO) -> Iterator[Row | tuple[int, BrokenRow]]:
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        delimiter = _delimiter(text.read(_HEAD_CHARACTERS))
        text.seek(0)
        yield from _numbered(csv.reader(text, delimiter=delimiter))
    finally:
        text.detach()  # or the wrapper would close a file that is not ours


def _numbered(reader: Iterator[list[str]]) -> Iterator[Row | tuple[int, BrokenRow]]:
    number = 0
    while True:
        number += 1
        try:
            cells = [plain_text(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield number, BrokenRow(str(error))
            continue
        if any(cells):
            yield number, cells


def _encoding(file: BinaryIO) -> str:
    """UTF-8, UTF-16 by its mark, or GB18030. The whole file is looked at: the first name may stand in the last row."""
    start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(file, encoding):
            return encoding
    raise BadInput("文件的编码不是 UTF-8，也不是 GBK/GB18030，读不出文字；请在 Excel 中另存为“CSV UTF-8”后再导入")


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(head: str) -> str:
    lines = head.splitlines()[:HEADER_WITHIN]
    return max(_DELIMITERS, key=lambda delimiter: max(map(_known, _parsed(lines, delimiter)), default=0))


def _parsed(lines: Sequence[str], delimiter: str) -> Iterator[Sequence[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        return


def _known(cells: Sequence[str]) -> int:
    columns = read_header([plain_text(cell) for cell in cells])
    return len(columns) if columns else int(is_cdr_row(cells))
