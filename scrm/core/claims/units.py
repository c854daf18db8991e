"""What a price is per: 298一位, 2.8万/平, 每节课150, 一份499, 年费3980, 每个账号每月49; or what it buys: 28元4包."""

from __future__ import annotations

import re

_LONG = """
    平方米 平米 平方 立方米? 公里 公斤 千克 小时 分钟 星期 课时 节课 个账号 个坐席 个人 个月 个点位 个坑位 个席位
    个车位
    账号 坐席 人次 学期 学年 疗程 延米 坑位 席位 点位 车位 机位 床位 间夜 人天 台班 个台班 个工 千字
    头(?![部像条绪]) 回(?![事头去来]) 工(?![作程厂期地]) 平台 门店 m² m2 [Kk][Mm]
    [Kk][Gg]
    GB TB MB 户型 科目 门课
"""
_SHORT = (
    "平㎡方斤克吨升米度人位名天日晚夜周月年季次节课期科个只台套件条张包袋盒箱瓶罐支枝组批份款双对副把本册颗粒片块棵辆部"
    "桌席面顿餐杯碗间户门扇樘场集首针柜车趟单卷桶壶听枚幅架匹亩尺股圈提串根株盆束朵盏座铺字页词题版饼刀层兆"
    "堂栋幢尊捆局宿尾羽粒扎锅碟笼屉煲筐篮剂贴管帧笔例"
)
_UNIT = "|".join([*_LONG.split(), f"[{_SHORT}]"])
_SAME = {
    "平方米": "平",
    "平米": "平",
    "平方": "平",
    "节课": "节",
    "个月": "月",
    "个账号": "账号",
    "个坐席": "坐席",
    "个人": "人",
    "日": "天",
    "㎡": "平",
    "m²": "平",
    "m2": "平",
    "kg": "公斤",
    "KG": "公斤",
}
_AFTER = re.compile(
    r"的?\s?(?:/|每|单(?=[次个只件人斤平节晚份条台])|(?:一|1)(?!个?起|把清|把过|共|定|样|直|般|些|下|次性|次付"
    r"|次买))\s?"
    rf"(?P<first>{_UNIT})(?![版卡费制款])(?!(?:大概|只|要|需)?[还付交供收扣]款?[0-9一二两三四五六七八九十])"
    rf"(?:(?:/|每|一)(?P<second>{_UNIT}))?"
)
_SLASHED = re.compile(r"\s?/\s?(?P<unit>[^\W0-9A-Za-z]{1,3}|[A-Za-z]{1,4})(?=\W|$|起|不|含|包|左右)")
_FLAT = re.compile(r"(?:元|块)?包(?P<unit>[年月周天])")
_RENT = re.compile(r"(?:元|块)?的?(?P<unit>[年月日])(?:租金?|费)")
_ONE = "(?<!续(?=.(?:年|个月|季)))(?<![了等过这那哪上下第唯任同另头前后整统单多万百千十二三四五六七八九0-9.])(?:一|1)"
_FILLERS = """
    下来 的话 呢 大概 大约 差不多 不到 费用 收费 价格 价 需要 左右 最低 最多 优惠 现在 我们 他们 一共 总共 给您
    给你 您
    你 给到 做到 能给 可以给 的 交 付 缴 存 卖 就 才 也 都 从 由 只 要 收 是 算 能 可以 定价 打包 到手 : =
"""
_BEFORE = re.compile(
    rf"(?:每\s?|单(?!人|机位)|{_ONE}|(?<=每)(?=半年))(?P<first>半年|{_UNIT})(?![版卡费制款]|性"
    rf"|共)(?:[课票房人机]|学生|用户|机器"
    rf"|[^，。,;!?0-9一二两三四五六七八九十每的]{{1,3}}?)?(?:每\s?(?P<second>{_UNIT}))?"
    rf"(?:{'|'.join(_FILLERS.split())})*\s?¥?$"
)
_NAMED = tuple(
    (re.compile(f"(?:{words})(?:大概|大约|差不多|不到|最多|最低|不超过|现在|优惠|只要|才|是|在|约|要|:)*$"), unit)
    for words, unit in (
        ("人均(?:消费)?", "人"),
        ("年费|年租金?|年缴|年交", "年"),
        ("月费|月租金?|月服务费", "月"),
        ("日租金?|日均", "天"),
        ("时薪|钟点", "小时"),
        ("按年(?:收|付|算|交|计)", "年"),
        ("按月(?:收|付|算|交|计)", "月"),
        ("按天(?:收|付|算|交|计)", "天"),
        ("按人头?(?:收|算|计)", "人"),
        ("(?<![凑拼下买订接])单价|均价", ""),
        ("延米", "米"),
        ("台班", "台班"),
        ("包月", "月"),
        ("包年", "年"),
        ("包周", "周"),
        ("包天", "天"),
    )
)
_GOODS = (
    "包|袋|盒|箱|瓶|罐|支|枝|件|个|斤|双|条|张|份|本|颗|片|块|只|组|套|科|门|杯|碗|卷|桶|提|串|公斤|根|对|把|粒|台|吨"
)
_BUNDLE = re.compile(
    rf"\s?(?P<count>[0-9]+|[两二三四五六七八九十]+)\s?(?P<unit>{_GOODS}|节课?|次|小时|分钟|人|年|个?月|天|晚|平)"
    "(?!减|打|折|起|送|以上|包邮|发货|到|内|后|免息)"
)
_BUNDLE_BEFORE = re.compile(
    rf"(?<![第前])(?P<count>(?<![0-9])[0-9]+|[两二三四五六七八九十百千]+|一百)(?P<unit>{_GOODS})(?P<least>及?以上|起)?"
    r"(?:只要|才|就|是|卖|给您?|算您?|一共|总共|的|装|:)*\s?$"
)
_DIGITS = {c: str(v) for v, c in enumerate("一二三四五六七八九十", start=1)} | {"两": "2"}


def unit_after(text: str, end: int) -> tuple[str, int] | None:
    """The unit that directly follows an amount, and where it ends."""
    match = _AFTER.match(text, end)
    if match is not None:
        return _joined(match), match.end()
    match = _SLASHED.match(text, end)
    if match is not None:
        return match["unit"], match.end()
    match = _RENT.match(text, end) or _FLAT.match(text, end)
    return None if match is None else (match["unit"], match.end())


def unit_before(text: str, start: int, end: int) -> str | None:
    """The unit announced at the end of `text[start:end]`; empty for a unit price whose unit is not named (单价)."""
    window = text[start:end]
    for pattern, unit in _NAMED:
        if pattern.search(window) is not None:
            return unit
    match = _BEFORE.search(window)
    return None if match is None else _joined(match)


def bundle_before(text: str, start: int, end: int) -> tuple[str, bool] | None:
    """What a price just before `end` buys (两件99 -> 2件), and whether that is a least quantity (一百件以上38)."""
    match = _BUNDLE_BEFORE.search(text[start:end])
    if match is None:
        return None
    return _DIGITS.get(match["count"], match["count"]) + match["unit"], match["least"] is not None


def bundle_after(text: str, end: int) -> str | None:
    """What the price buys: 28元4包 -> 4包."""
    match = _BUNDLE.match(text, end)
    return None if match is None else _DIGITS.get(match["count"], match["count"]) + match["unit"]


def _joined(match: re.Match[str]) -> str:
    units = [match["first"], match["second"]]
    return "·".join(_SAME.get(unit, unit) for unit in units if unit)
