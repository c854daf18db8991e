"""The words of telephony: numbers as E.164, canonical outcomes and directions, transcripts with speakers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import phonenumbers

from scrm.connector import Direction, Identity, IdentityEvidence

DISPOSITIONS = (
    "answered",
    "no_answer",
    "busy",
    "rejected",
    "cancelled",
    "abandoned_ivr",
    "abandoned_queue",
    "abandoned_ringing",
    "power_off",
    "unreachable",
    "invalid_number",
    "suspended",
    "blocked",
    "carrier_error",
    "agent_error",
    "voicemail",
    "no_agent",
    "after_hours",
    "system_end",
    "unknown",
)
"""How a call can have ended."""

AGENT, CUSTOMER = "坐席", "客户"
"""How the lines of a transcript begin, followed by a full-width colon."""


class NotAPhone(ValueError):
    """A text that names no telephone; the exception's text says so to a person, and what to do."""


@lru_cache(maxsize=65_536)
def read_phone(text: str, *, area_code: str = "", dial_prefixes: tuple[str, ...] = ()) -> str:
    """A number as written in mainland China, as E.164. `NotAPhone` when it cannot be dialled from there.

    Understood: spaces and hyphens, 0086 and +86, a trunk 0 before a mobile number, `area_code` for local numbers
    without one, and `dial_prefixes` (the digits a company dials to get a line).
    """
    written = text.strip()
    if "*" in written or re.search(r"\d[xX]{2,}\d", written):
        raise NotAPhone(f"{text!r} 隐藏了中间几位，认不出是哪位客户；请导出完整号码")
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", written):
        raise NotAPhone(f"{text!r} 是科学计数法，尾数已丢失；请把该列设为文本格式后重新导出")
    for digits in _candidates(re.sub(r"[\s\-()（）—–]+", "", written), area_code, dial_prefixes):
        if number := _e164(digits):
            return number
    raise NotAPhone(f"{text!r} 不是电话号码")


def phone_identity(number: str) -> Identity:
    """The identity behind an E.164 number."""
    return Identity("phone", number)


def phone_evidence(number: str, reason: str) -> IdentityEvidence:
    return IdentityEvidence(phone_identity(number), reason)


def read_direction(text: str) -> Direction | None:
    """`呼入`, `outbound`, `去电` … None when the word is not known."""
    return _DIRECTIONS.get(_word(text))


def read_disposition(text: str, *, talk_s: int) -> str:
    """The canonical outcome for a vendor's word. Without a word, talk decides; a word nobody knows is `unknown`."""
    if not text.strip():
        return "answered" if talk_s else "unknown"
    return _OUTCOMES.get(_word(text), "unknown")


def transcript_lines(text: str) -> str:
    """A transcript with one utterance per line, each beginning `坐席：` or `客户：`.

    Speakers may be written 坐席, 客服, 销售, 顾问, agent or 客户, 用户, 顾客, customer, before a colon of either width,
    at the start of a line or after a space; times in brackets are left out. A text without speakers stays as it is.
    """
    plain = _TIME_MARK.sub("", text).strip()
    turns = list(_SPEAKER.finditer(plain))
    if not turns:
        return plain
    ends = [*(turn.start() for turn in turns[1:]), len(plain)]
    spoken = ((turn["who"], plain[turn.end() : end]) for turn, end in zip(turns, ends, strict=True))
    before = [plain[: turns[0].start()].strip()] if turns[0].start() else []
    return "\n".join(line for line in [*before, *utterances(spoken)] if line)


def utterances(spoken: Iterable[tuple[str, str]]) -> Sequence[str]:
    """Lines of a transcript from (who, what); utterances without words are left out."""
    said = ((who, " ".join(what.split()).strip(" |")) for who, what in spoken)
    return [f"{_side(who)}：{what}" for who, what in said if what]


def _candidates(digits: str, area_code: str, dial_prefixes: tuple[str, ...]) -> Iterable[str]:
    yield digits
    if area_code and re.fullmatch(r"[2-8]\d{6,7}", digits):
        yield area_code + digits
    for prefix in dial_prefixes:
        if digits.startswith(prefix):
            yield digits.removeprefix(prefix)


def _e164(digits: str) -> str:
    try:
        number = phonenumbers.parse(digits, "CN")
    except phonenumbers.NumberParseException:
        return ""
    e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Ranges of mobile numbers are opened faster than tables of them are published.
    return e164 if phonenumbers.is_valid_number(number) or re.fullmatch(r"\+861[3-9]\d{9}", e164) else ""


def _word(text: str) -> str:
    return re.sub(r"[\s_\-]+", "", text).casefold()


def _side(who: str) -> str:
    return CUSTOMER if who.casefold() in _CUSTOMER_WORDS else AGENT


_CUSTOMER_WORDS = ("客户", "用户", "顾客", "来电人", "customer")
_AGENT_WORDS = ("坐席", "座席", "客服", "销售", "顾问", "员工", "agent")
_SPEAKER = re.compile(
    rf"(?:^|(?<=[\s|;；。!?！？]))(?P<who>{'|'.join(_AGENT_WORDS + _CUSTOMER_WORDS)})\s?\d{{0,4}}\s?[:：]",
    re.IGNORECASE,
)
_TIME_MARK = re.compile(r"[\[(【（]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?[\])】）]\s*")

_DIRECTIONS: Mapping[str, Direction] = {
    **dict.fromkeys(("呼入", "来电", "被叫", "呼入电话", "inbound", "in", "incoming"), Direction.INBOUND),
    **dict.fromkeys(("呼出", "去电", "外呼", "主叫", "拨出", "outbound", "out", "outgoing"), Direction.OUTBOUND),
    **dict.fromkeys(("内部", "内线", "internal"), Direction.INTERNAL),
}

_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "answered": (
        "已接",
        "已接听",
        "接听",
        "接通",
        "已接通",
        "通话成功",
        "成功",
        "双方接听",
        "answer",
        "connected",
        "completed",
    ),
    "no_answer": ("未接", "未接听", "未接通", "无人接听", "无应答", "未应答", "noanswer", "missed", "timeout"),
    "busy": ("忙", "用户忙", "占线", "通话中", "正在通话中", "忙线"),
    "rejected": ("拒接", "拒绝", "用户拒接", "已拒接", "reject", "declined"),
    "cancelled": ("取消", "已取消", "主叫挂断", "主叫取消", "cancel", "canceled"),
    "abandoned_ivr": ("ivr放弃", "ivr挂断"),
    "abandoned_queue": ("排队放弃", "排队挂断"),
    "abandoned_ringing": ("振铃放弃", "振铃挂断"),
    "power_off": ("关机", "已关机", "用户关机", "poweroff"),
    "unreachable": ("无法接通", "不在服务区", "暂时无法接通", "notinservice"),
    "invalid_number": ("空号", "号码不存在", "号码错误"),
    "suspended": ("停机", "已停机", "欠费停机"),
    "blocked": ("黑名单", "呼叫受限", "频次限制", "blacklist", "restricted"),
    "carrier_error": ("线路故障", "运营商错误", "failed", "失败", "呼叫失败", "congestion"),
    "agent_error": ("坐席未接", "坐席未接听", "坐席故障"),
    "voicemail": ("语音信箱", "留言", "语音留言"),
    "no_agent": ("无坐席", "无空闲坐席", "坐席全忙"),
    "after_hours": ("非工作时间", "下班时间"),
}
_OUTCOMES = {_word(name): name for name in DISPOSITIONS} | {
    _word(word): name for name, words in _SYNONYMS.items() for word in words
}
