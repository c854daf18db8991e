"""Is a number money at all? A currency says so; a bare one needs a cue, a unit, or the place and shape of a price."""

from __future__ import annotations

import re
from decimal import Decimal

from scrm.core.claims.amounts import Amount, Measure
from scrm.core.claims.cues import Cue, Family
from scrm.core.claims.model import Approx
from scrm.core.claims.patterns import any_of
from scrm.core.claims.units import bundle_after, bundle_before

_PARTICLES = "吧 哦 啊 呢 呀 嘛 了 哈 噢 喔 哟 咯 啦 吗 么 嗯 额 哎 呗 哇 嗷 嘞 哩"
_TO_THE_BUYER = "您(?!好) 你(?!好) 给 拿 带 搬 抱 提 领 签 亲 姐 哥 老板 我"
_VERBS = """
    落地 搞 做 能 可 卖 成交 怎 行 是 买 定 走 要 打 送 减 加 比 拉 开 办 入手 交 付 刷 转 下来 下单 看 怕 拍 成 咋
    同意 出 抢 需 打包 直接 随 包[邮干安含教送您牌住吃接搬] [券折拍]后 封顶 到 至 起 以 含 不 税 未税 换 收 肯 愿 净 低 全
    整 修 往返 来回 单程 手慢 诚 套餐 档(?!案) 价位 吉利 住 反 就能 谢谢 团 秒 特 活动 会员 优惠
"""
_ADVERBS = """
    就 都 左 多 左右 出头 上下 真 够 也 还 已 太 有点 和 或 跟 贵 便宜 划算 之间 先 再 然后 现在 今天 刚 好 如 但
    因为 所以 当 即 其 只 最 里 图 另 外 对 零头 秒杀 限时 有误 为准 特价 专享 特惠 元 块 每 那 这 一口价
    一[套台个件份张位节次平斤年月天] 的(?![0-9人时学员]) OK ok
"""
_OPEN_RIGHT = any_of(rf"$ \W {_PARTICLES} {_TO_THE_BUYER} {_VERBS} {_ADVERBS}")
_CLOSED_RIGHT = any_of("""
    到货 到店 到家 到底 以后 以前 起床 不见 和尚 成都 开头 开始 多家 多名 多位 多人 多种 多个 多次 多款 多平 走路
    提高 里面 当时 那户 那间 那栋 全国 行代码
""")
_COUNTS_LEFT = re.compile(
    r"(?:第|共有|(?<![之以目先])前|排|编|NO|No|no|#|@|楼|幢|栋|座|穿|高|宽|深|厚|重|满分|考得|龄|超级|TOP|Top|top|型|代|约有|共计有|[A-Za-z]|[0-9]-)[.:]?\s?$"
)
_PRICE_TALK = re.compile(
    "买|卖|价|钱|贵|便宜|拍下|下单|优惠|活动|打折|划算|成交|包邮|[元块]|原来|批发|拿货|多少|费|券|团购|套餐|体验|不收|另算|自理|结账|收了?我|说好"
    "|加[0-9]"
)
_ENDS_LIKE_A_PRICE = re.compile(r"[0-9]\.(?:9|8|99|88|90|80)$")
_MEMORY_SIZES = frozenset(map(Decimal, (256, 512, 1024)))
_SOLD = re.compile("(?:[券卡票餐课装]|套餐|成人|儿童|小孩|大人|单卖|单买|单点)$")
_MEMORY_TALK = re.compile(r"内存|存储|运存|[0-9]G|版|容量")
# 5k以内有推荐的吗: the approximator stands between the number and whatever follows.
_BOUNDED = frozenset({Approx.ABOUT, Approx.AT_MOST, Approx.AT_LEAST})
_SMALL = Decimal(100)
_NAME = re.compile(r"[^\W0-9A-Za-z一二两三四五六七八九十第共还剩到有]{2,6}")
_LAST_NAME = re.compile("[^，。,;；的]{2,8}$")
_MENU = re.compile(
    r"(?:^|[,，。;；])[^\W0-9A-Za-z一二两三四五六七八九十第共还剩到有]{2,6}[0-9]{2,4}(?=起|往返|[,，。;；]|$)"
)
_SPECS = re.compile("像素|毫安|芯片|处理器|播放|粉丝|并发|人口|注册资本")
_EXAM = re.compile("模拟考|模考|[一二]本线|分数线|雅思|托福")
_PIECES = re.compile("块(?:地砖|瓷砖|砖|板|玻璃|石材|木板|屏|电池)")
_OTHER_TALK = any_of("""
    报错 接口 端口 错误码 并发 QPS qps TPS 压测 限流 延迟 带宽 日志 服务器 部署 升级到 导出 数据库 内网 缓存 压缩
    体脂 体重 体温 血压 血糖 心率 BMI bmi 减脂 增肌 [减瘦胖](?:了|到|肥|重|下来)?[^，。,0-9]{0,3}[0-9一二三四五六七八九十百]+斤
    斤[^，。,]{0,4}[减瘦]到 胎压 离地 血脂 糖化 肌酐 尿酸值 高压 低压 海拔 航班 车次 学号 词汇 单词 真题 模考 滴水 漏水 没热水 漏电 空鼓
""")


def is_money(
    text: str, amount: Amount, cue: Cue | None, window: int, *, has_unit: bool, beside: bool, paused: bool
) -> bool:
    """Whether `amount` is money, or a share of it. `window` is where the words that belong to it begin; `beside`: a
    price of its size came just before; `paused`: a blank follows.
    """
    if amount.measure not in {Measure.MONEY, Measure.BARE}:
        return True
    if cue is not None and cue.family in {Family.NOT_OURS, Family.ATTRIBUTE}:
        return False
    if amount.marked:
        return has_unit or not _is_piece(text, amount)
    if _is_single_digit(amount) and (cue is None or cue.is_weak or text[amount.start] == "一"):
        return False
    if has_unit:
        return not _EXAM.search(text)
    closed = (cue is None or cue.is_weak) and _CLOSED_RIGHT.match(text, amount.end) is not None
    return not closed and _is_bare_price(text, amount, cue, window, beside=beside, paused=paused)


def _is_bare_price(text: str, amount: Amount, cue: Cue | None, window: int, *, beside: bool, paused: bool) -> bool:
    if cue is None or cue.family is Family.PRICE:
        if _is_other_talk(text) and not (amount.scaled and _is_over(amount, 10_000)):
            return False
    if cue is not None and not cue.is_weak:
        return not _is_memory(text, amount)
    if beside and amount.measure is Measure.BARE and not _COUNTS_LEFT.search(text, window, amount.start):
        return True
    return _stands_like_a_price(text, amount, cue, window, paused=paused)


def _is_piece(text: str, amount: Amount) -> bool:
    """三块蛋糕: a few pieces of something, not yuan."""
    if _PIECES.search(text) and text[amount.end - 1] == "块":
        return True
    few = amount.chinese and amount.value is not None and amount.value < 10
    return few and text[amount.end - 1] == "块" and not _OPEN_RIGHT.match(text, amount.end)


def _is_memory(text: str, amount: Amount) -> bool:
    """8G加256, 内存256."""
    return amount.value in _MEMORY_SIZES and _MEMORY_TALK.search(text) is not None


def _stands_like_a_price(text: str, amount: Amount, cue: Cue | None, window: int, *, paused: bool) -> bool:
    """No word tells: the shape of the number and what stands beside it decide."""
    if amount.value is None:
        return amount.scaled and (cue is not None or text[amount.start - 1 : amount.start] == "好")
    if _is_memory(text, amount) or _COUNTS_LEFT.search(text, window, amount.start):
        return False
    if bundle_after(text, amount.end) or bundle_before(text, window, amount.start):
        return amount.value >= 1
    if _is_single_digit(amount):
        return False
    if cue is None and _SPECS.search(text) and not _PRICE_TALK.search(text):
        return False
    if _is_written_like_a_price(text, amount):
        return True
    shut = cue is None and not paused and amount.approx not in _BOUNDED
    if shut and not _OPEN_RIGHT.match(text, amount.end):
        return False
    if amount.value < _SMALL:
        return _is_small_price(text, amount, cue, window)
    return cue is not None or not _looks_like_a_year(amount)


def _is_small_price(text: str, amount: Amount, cue: Cue | None, window: int) -> bool:
    """9.9 looks like a price; 35 is one where prices are talked of and it opens the clause or has a weak cue."""
    if not amount.chinese and _ENDS_LIKE_A_PRICE.search(text, amount.start, amount.end):
        return True
    if _SOLD.search(text, window, amount.start) or _is_menu_line(text, amount, window):
        return True
    if amount.value is None or amount.value < 5 or not _PRICE_TALK.search(text):
        return False
    return cue is not None or not text[window : amount.start].strip()


def _is_single_digit(amount: Amount) -> bool:
    """一天一签字: a lone digit counts something."""
    return amount.chinese and amount.end - amount.start == 1 and not amount.scaled


def _is_over(amount: Amount, least: int) -> bool:
    return amount.value is not None and amount.value >= least


def _is_written_like_a_price(text: str, amount: Amount) -> bool:
    """四千二, 1w2, 8.8万, 一千六百九十九: no large number that is no price is written so, but before a unit of its own."""
    if amount.value is None or not _is_over(amount, 1000):
        return False
    to_the_yuan = amount.chinese and amount.scaled and amount.value % 10 != 0
    in_ten_thousands = amount.scaled and "." in text[amount.start : amount.end]
    return amount.elliptic or to_the_yuan or in_ten_thousands and text[amount.end : amount.end + 1] != "+"


def _is_other_talk(text: str) -> bool:
    """Whether a message talks of machines, bodies or places and never of money: its numbers are theirs."""
    return _OTHER_TALK.search(text) is not None and not _PRICE_TALK.search(text)


def _is_menu_line(text: str, amount: Amount, window: int) -> bool:
    """拍片80，挂号免费: a short name and a number, nothing else, in a message that talks of prices."""
    closed = amount.end == len(text) or text[amount.end] in "，,。;；!！往起吗"
    name = _LAST_NAME.search(text, window, amount.start)
    if not closed or name is None or _NAME.fullmatch(name[0]) is None:
        return False
    return _PRICE_TALK.search(text) is not None or len(_MENU.findall(text)) > 1


def _looks_like_a_year(amount: Amount) -> bool:
    return amount.value is not None and not amount.scaled and not amount.chinese and 2010 <= amount.value <= 2035
