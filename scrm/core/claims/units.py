"""What a price is per: 298一位, 2.8万/平, 每节课150, 一份499, 年费3980, 每个账号每月49."""

from __future__ import annotations

import re

_UNIT = "平方米|平米|平方|公里|公斤|千克|小时|分钟|星期|课时|节课|个账号|个人|个月|个点位|账号|人次|[平方斤克吨升米人位名天日晚夜周月年季次节课期个只台套件条张包袋盒箱瓶罐支枝组批份款双对副把本册颗粒片块棵辆部桌顿餐杯碗间户门场集首针柜车趟单对卷桶壶听枚幅架匹亩尺股手间套]"
_SHORT = {
    "平方米": "平",
    "平米": "平",
    "平方": "平",
    "节课": "节",
    "课时": "课时",
    "个月": "月",
    "个账号": "账号",
    "个人": "人",
    "日": "天",
}
_AFTER = re.compile(
    rf"(?:的)?\s?(?:/|每|(?:一|1)(?![个]?起|共|定|样|直|般|些|下|次性|次付|次买))\s?(?P<first>{_UNIT})(?![版卡费])(?:(?:/|每|一)(?P<second>{_UNIT}))?"
)
_BEFORE = re.compile(
    rf"(?:(?P<every>每)\s?|(?<![这那哪上下第唯任同另头前后整统单多万百千十二三四五六七八九0-9])(?:一|1)|(?=半))(?P<first>半年|{_UNIT})(?:(?:课|票|人|账号|学生|用户|机器|产品|餐|设备|房|面膜|房子|[^，。,;!?0-9]{{1,2}})(?=[^，。,;!?]))?"
    rf"(?:每\s?(?P<second>{_UNIT}))?(?:下来|的话|大概|大约|就|才|也|都|只|要|收|是|算|不到|差不多|费用|收费|价格?|需要|左右|最低|优惠|现在|我们|他们|卖|一共|总共|给您|你|您|[:=])*\s?¥?$"
)
_NAMED = (
    (re.compile(r"人均(?:消费)?(?:大概|是|才|不到|差不多|[:])*$"), "人"),
    (re.compile(r"(?:年费|年租金?|一年)(?:是|才|只要|现在|优惠|大概|[:])*$"), "年"),
    (re.compile(r"(?:月费|月租金?|包月|月服务费)(?:是|才|只要|现在|大概|[:])*$"), "月"),
    (re.compile(r"(?:日租金?|日均|日薪)(?:是|才|只要|[:])*$"), "天"),
    (re.compile(r"(?:时薪|钟点)(?:是|才|只要|[:])*$"), "小时"),
    (re.compile(r"(?:单价|均价)(?:大概|是|在|才|约|差不多|[:])*$"), ""),
)
_BUNDLE = re.compile(
    r"\s?(?P<count>[0-9]+|[两二三四五六七八九十]+)\s?(?P<unit>包|袋|盒|箱|瓶|罐|支|枝|件|个|斤|双|条|张|份|本|颗|片|块|只|组|套|杯|碗|卷|桶|提|串|公斤|根|对|把|粒|节课?|次|人|年|个月|月|天|晚)(?!减|打|折|起|送|以上|包邮|发货|到|内|后|免息)"
)
_BUNDLE_BEFORE = re.compile(
    r"(?<![第前])(?P<count>[0-9]+|[两二三四五六七八九十百千]+|一(?=百|千))百?(?P<unit>包|袋|盒|箱|瓶|罐|支|枝|件|个|斤|双|条|份|颗|片|只|组|套|杯|碗|桶|提|台|吨|公斤)"
    r"(?P<least>及?以上|起)?(?:只要|才|就|是|卖|给您?|算您?|一共|装|:)*\s?$"
)
_DIGITS = {c: str(v) for v, c in enumerate("一二三四五六七八九十", start=1)} | {"两": "2"}


def unit_after(text: str, end: int) -> tuple[str, int] | None:
    """The unit that directly follows an amount, and where it ends."""
    match = _AFTER.match(text, end)
    return None if match is None else (_joined(match), match.end())


def unit_before(text: str, start: int, end: int) -> str | None:
    """The unit announced in `text[start:end]`, just before an amount; empty when it is a unit price of nothing named."""
    for pattern, unit in _NAMED:
        if pattern.search(text, start, end) is not None:
            return unit
    match = _BEFORE.search(text, start, end)
    return None if match is None else _joined(match)


def bundle_before(text: str, start: int, end: int) -> tuple[str, bool] | None:
    """What a price just before `end` buys (两件99 -> 2件), and whether that is a least quantity (一百件以上38)."""
    match = _BUNDLE_BEFORE.search(text, start, end)
    if match is None:
        return None
    return _DIGITS.get(match["count"], match["count"]) + match["unit"], match["least"] is not None


def bundle_after(text: str, end: int) -> str | None:
    """What the price buys: 28元4包 -> 4包."""
    match = _BUNDLE.match(text, end)
    return None if match is None else _DIGITS.get(match["count"], match["count"]) + match["unit"]


def _joined(match: re.Match[str]) -> str:
    units = [match["first"], match["second"]]
    return "·".join(_SHORT.get(unit, unit) for unit in units if unit)
