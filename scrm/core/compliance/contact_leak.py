"""Another person's phone, ID number, bank card or address is sent to a customer, in digits or spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrm.core.compliance.model import Finding, History, Severity, Statement

_SPOKEN = str.maketrans("〇零幺一二三四五六七八九０１２３４５６７８９", "00112345678901234567" + "89")
_D = "[0-9０-９〇零幺一二三四五六七八九]"
_SEP = "[-\\s.\u20e3\ufe0f·]{0,3}"
_DIGITS = re.compile(rf"(?<![0-9A-Za-z０-９]){_D}(?:{_SEP}{_D}){{9,18}}(?:{_SEP}[Xx])?(?![0-9A-Za-z０-９])")
_ADDRESS = re.compile(
    r"[\u4e00-\u9fff]{2,12}(?:路|街|小区|花园|苑|村|巷|弄|大道|公寓|家园|新城|府|里|庭|院|湾|城|郡|轩|居|阁)[^，。！？,!?;\n]{0,8}?"
    r"[0-9零一二三四五六七八九十百]+(?:号楼|栋|幢|座|号院|号|单元|弄|期)[^，。！？,!?;\n]{0,10}?[0-9零一二三四五六七八九十百]{1,5}(?:室|房|户|楼|单元|号)?"
)
_LIVES = re.compile(r"(?:家?住|家|地址|家里)(?:在|是|就在|：|:)*")
_CARD = re.compile(r"卡|账号|帐号|户|工行|建行|农行|中行|招行|交行|邮储|银行")
_IDENTITY = re.compile(r"身份证|证件|证号|ID")
_THEIRS = re.compile(
    r"货主|拼车的|拼团的|拼单的|拼房的|舍友|室友|合租|上家|下家|乘客|旅客|住客|房客|承租人|卖家|原车主|投保人|被保险人|借款人|考生|孩子妈|孩子爸|(?:上回|上次|那天)[^，。,]{0,4}(?:跟|和)[您你]|[他她](?:们|的|家|本人|手机|电话|号|微信|身份|住|那)?|客户|业主|房东|租客|学员|学生|家长|患者|病人|病友|会员|邻居|买家|用户|车主|住户|团友|团员|顾客|同学|宝妈"
    r"|[\u4e00-\u9fff](?:先生|女士|小姐|太太|阿姨|大姐|大哥|大爷|大叔|叔叔|大妈|奶奶|爷爷|总|姐|哥|妈妈|爸爸)"
    r"|老公|老婆|爱人|对象|(?:上|另|另外|下)一?[个位家]|(?:之前|前面|上次|昨天|刚才|同小区|同一期|一起)[^，。,]{0,4}(?:那|的)|隔壁|楼上|楼下|对门|那位|那个(?:人|客户|姐|哥)|人家|别人|有个|有位|一位"
)
_OURS = re.compile(
    r"客服|热线|售后|门店|店里|店铺|前台|公司|师傅|司机|配送|快递|送货|安装|同事|店长|总部|座机|总机|咨询|服务电话|报修|经理|班主任|导游|领队|物流|仓库|驿站|官方|财务|对公|专员|医院|校区|学校|学部|售楼|维修|顾问|管家|工程师|老师傅|办公室|值班|救援|窗口"
)
_MINE = re.compile(r"我(?!们|那|这边(?:有|一))|本人|找我|打我")
_YOURS = re.compile(
    r"[您你](?!(?:可以|直接|去|跟|问|打|联系|加|找|看|要|先|记|们?自己)[^，。,]{0,6}[他她])(?:的|这|留|登记|预留|报|填|手机|电话|号码|本人|那|老公|老婆|家|收货)|收货人|核对|尾号|确认一下"
)
_ORDERS = re.compile(r"订单|单号|编号|工单|运单|流水|快递号|合同号|发票|税号|序列|条码|机身码|追踪|取件码|验证码")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NEAR = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLeak:
    """S3. Ground: PIPL 6, 25, 51; Consumer Law 29 ¶2. `own_numbers` are the company's: hotlines, staff, accounts; they
    and what the customer has said are no leak.
    """

    ground: ClassVar[str] = "pipl-25"
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False
    pattern: ClassVar[str] = f"{_D}(?:{_SEP}{_D}){{9}}|号楼|单元|[栋幢座]"

    id: str = "contact-leak"
    effective_from: date = date(2021, 11, 1)
    own_numbers: tuple[str, ...] = ()

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding at most: the first number or address that is somebody else's."""
        if not said.by_seller or said.kind not in {"message", "call"}:
            return
        for what, number, start, end in _found(said.text):
            if self._is_known(number, said, history) or not _is_others(what, said, start, end, history):
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.S3,
                entry_id=said.entry_id,
                span=(start, end),
                facts={"what": what, "masked": _masked(what, number)},
            )
            return

    def _is_known(self, number: str, said: Statement, history: History) -> bool:
        if any(_plain(own) == number for own in self.own_numbers):
            return True
        return any(number in _plain(earlier.text) for earlier in history.before(said) if not earlier.by_seller)


def _found(text: str) -> Iterator[tuple[str, str, int, int]]:
    """What kind of particulars, their digits, and where: in the order of the text."""
    for match in _DIGITS.finditer(text):
        number = _plain(match[0])
        before = text[max(0, match.start() - _NEAR) : match.start()]
        what = _kind(number, before)
        if what is not None:
            yield what, number, match.start(), match.end()
    for match in _ADDRESS.finditer(text):
        lives = list(_LIVES.finditer(text, max(0, match.start() - _NEAR), match.start() + 8))
        if lives:
            start = max(match.start(), lives[-1].end())
            yield "address", text[start : match.end()], start, match.end()


def _kind(number: str, before: str) -> str | None:
    if _ORDERS.search(before):
        return None
    if len(number) == 11 and re.fullmatch(r"1[3-9]\d{9}", number):
        return "phone"
    if len(number) == 18 and _is_identity(number):
        return "id_number"
    if 16 <= len(number) <= 19 and number.isdigit() and (number.startswith("62") or _CARD.search(before)):
        return "bank_card" if _luhn(number) else None
    return None


def _is_others(what: str, said: Statement, start: int, end: int, history: History) -> bool:
    text = said.text
    first = max((text.rfind(stop, 0, start) for stop in "。！？!?\n"), default=-1) + 1
    owner = _owner(text[first:start]) or _owner(text[end : end + 8])
    if owner is None and what == "phone":
        owner = _owner_asked_for(history.before(said))
    if owner is None:
        return what == "id_number" and _IDENTITY.search(text[first:start]) is not None
    return owner == "theirs"


def _owner(text: str) -> str | None:
    """Whose the particulars beside these words are: who is named last."""
    places = {
        owner: max((match.end() for match in pattern.finditer(text)), default=-1)
        for owner, pattern in (("theirs", _THEIRS), ("ours", _OURS), ("mine", _MINE), ("yours", _YOURS))
    }
    if places["ours"] >= 0 and not re.search(r"[他她]|客户|业主|学员|患者|会员|邻居|家长", text):
        return "ours"
    last = max(places, key=lambda owner: places[owner])
    return last if places[last] >= 0 else None


def _owner_asked_for(earlier: Sequence[Statement]) -> str | None:
    """A bare number answers the customer's question: whose number was asked for?"""
    last = earlier[-1] if earlier else None
    if last is None or last.by_seller or not re.search(r"电话|号码|联系方式|微信|手机|联系", last.text):
        return None
    return "theirs" if _THEIRS.search(last.text) else _owner(last.text)


def _is_identity(number: str) -> bool:
    """GB 11643: a birth date inside, and the last character is the check."""
    if not number[:17].isdigit() or not re.fullmatch(
        r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", number[6:14]
    ):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def _luhn(number: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, the sum a multiple of ten."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _plain(text: str) -> str:
    return re.sub(r"[-\s.\u20e3\ufe0f·]", "", text).translate(_SPOKEN)


def _masked(what: str, number: str) -> str:
    if what == "phone":
        return f"{number[:3]}****{number[-4:]}"
    if what == "address":
        return f"{number[:4]}****"
    return f"{number[:4]}{'*' * 8}{number[-4:]}"
