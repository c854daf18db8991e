"""Recognising the columns of a call log by their headers, in Chinese and English. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_NAMES: Mapping[str, tuple[str, ...]] = {
    "call_id": ("通话id", "呼叫id", "通话编号", "通话标识", "话单id", "会话id", "callid", "id", "uniqueid", "uuid"),
    "start": (
        "通话时间",
        "开始时间",
        "呼叫时间",
        "通话开始时间",
        "呼叫开始时间",
        "拨打时间",
        "start",
        "starttime",
        "calltime",
    ),
    "date": ("日期", "通话日期", "date"),
    "time": ("时间", "时刻", "time"),
    "customer_number": (
        *("客户号码", "客户电话", "客户手机", "客户手机号", "手机号", "手机号码", "联系电话", "对方号码", "电话号码"),
        *("电话", "号码", "customernumber", "customerphone", "phone", "phonenumber", "mobile"),
    ),
    "customer_name": ("客户姓名", "客户名称", "姓名", "客户", "customername", "customer"),
    "caller": ("主叫", "主叫号码", "caller", "callernumber", "from"),
    "callee": ("被叫", "被叫号码", "callee", "calleenumber", "to"),
    "direction": ("方向", "呼叫方向", "通话方向", "呼叫类型", "通话类型", "direction", "calltype"),
    "agent": (
        "坐席",
        "座席",
        "坐席姓名",
        "坐席工号",
        "工号",
        "分机",
        "分机号",
        "客服",
        "销售",
        "员工",
        "agent",
        "extension",
    ),
    "talk_s": ("时长", "通话时长", "通话秒数", "talks", "talk", "duration", "talktime", "talkseconds", "billsec"),
    "talk_min": ("时长分钟", "通话时长分钟", "通话分钟数", "minutes", "talkmin", "talkminutes"),
    "ring_s": ("振铃时长", "响铃时长", "振铃秒数", "rings", "ring", "ringtime", "ringseconds"),
    "disposition": ("结果", "通话结果", "接听状态", "通话状态", "呼叫结果", "状态", "disposition", "result", "status"),
    "recording": ("录音", "录音地址", "录音链接", "录音文件", "recording", "recordingurl", "recordurl"),
    "transcript": ("转写", "通话转写", "录音转写", "文字记录", "通话内容", "对话内容", "transcript"),
    "summary": ("小结", "通话小结", "备注", "摘要", "summary", "note", "notes", "remark"),
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in names}
_SECONDS = re.compile(r"\((秒|s|sec|seconds)\)$")
_MINUTES = re.compile(r"\((分|分钟|min|minutes)\)$")
_LATIN_SEPARATORS = re.compile(r"[\s_\-/]+")


def read_header(cells: Sequence[str]) -> Mapping[int, str] | None:
    """Column number to field, or None when the row is no header of a call log.

    A header names when (start or time) and with whom (customer_number, or caller and callee). Of two columns
    with one meaning the first counts.
    """
    columns: dict[int, str] = {}
    for place, cell in enumerate(cells):
        field = _field(cell)
        if field and field not in columns.values():
            columns[place] = field
    found = set(columns.values())
    has_time = bool({"start", "time"} & found)
    has_number = "customer_number" in found or {"caller", "callee"} <= found
    return columns if has_time and has_number else None


def _field(cell: str) -> str | None:
    name = cell.strip().casefold().replace("（", "(").replace("）", ")")
    name = _MINUTES.sub("分钟", _SECONDS.sub("", name))
    return _FIELDS.get(_LATIN_SEPARATORS.sub("", name))
