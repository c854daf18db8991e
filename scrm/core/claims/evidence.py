"""Is a number money at all? A currency says so; a bare one needs a cue, a unit, or the place and shape of a price."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from scrm.core.claims.amounts import Amount, Measure
from scrm.core.claims.cues import Cue, Family
from scrm.core.claims.fields import readings_in
from scrm.core.claims.model import Approx
from scrm.core.claims.patterns import any_of
from scrm.core.claims.units import bundle_after, bundle_before

_PARTICLES = "伐 吧 哦 啊 呢 呀 嘛 了 哈 噢 喔 哟 咯 啦 吗 么 嗯 额 哎 呗 哇 嗷 嘞 哩"
_TO_THE_BUYER = "私 偷偷 悄悄 单独 只给 您(?!好) 你(?!好) 给 拿 带 搬 抱 提 领 签 亲 姐 哥 老板 我"
_VERBS = """
    落地 搞 做 能 可 卖 成交 怎 行 是 买 定 走 要 打 送 减 加 比 拉 开 办 入手 交 付 刷 转 下来 下单 看 怕 拍 成 咋
    同意 出 抢 需 打包 直接 随 包[^裹括里，。,] 装好 降到 涨到 房东 业主 车主 [券折拍]后 封顶 到 至 起 以 含 不 税
    未税 换 收 肯 愿 净
    低 全
    整 修 往返 来回 单程 手慢 诚 预算 没错 算了 拉倒 锁(?!骨|具|边) 装(?=得|下|完|不) 拎 套餐 档(?!案) 价位 吉利
    住 反 就能 谢谢 团 秒 特 活动 会员 优惠 得了 早 停
    我[就今现马]
"""
_ADVERBS = """
    就 都 左 多 左右 出头 上下 真 够 也 还 已 太 有点 和 或 跟 贵 便宜 划算 之间 先 再 然后 现在 今天 刚 好 如 但
    因为 所以 当 即 其 只 最 里 图 另 外 对 零头 秒杀 限时 有误 为准 特价 专享 特惠 元 块 每 那 这 一把 一口价
    一[套台个件份张位节次平斤年月天] 的(?![0-9人时学员]) OK ok
"""
_OPEN_RIGHT = any_of(
    rf"$ [中走干卖出行成做要得好][不唔][中走干卖出行成做要得好] \W {_PARTICLES} {_TO_THE_BUYER} {_VERBS} {_ADVERBS}"
)
_CLOSED_RIGHT = any_of("""
    到货 到店 到家 到底 以后 以前 起床 不见 和尚 成都 开头 开始 多家 多名 多位 多人 多种 多个 多次 多款 多平 走路
    提高 里面 当时 不用交 不用缴 免征 免税 那单 这单 那条 那户 那间 那栋 那单 全国 行代码
""")
_COUNTS_LEFT = re.compile(
    r"(?:第|共有|[刷调升压排走开跑练][到至]|(?<![之以目先])前|排|编|NO|No|no|#|@|楼|幢|栋|座|穿|高|宽|深|厚|重"
    r"|满分|考得|龄|超级|TOP|Top|top|(?<![户类新轻])型|代|约有|共计有|(?<![0-9])[A-Za-z]|[0-9]-)[.:]?\s?$"
)
_PRICE_TALK = re.compile(
    "某品|买|卖|价|钱|贵|便宜|拍下|下单|优惠|活动|打折|划算|成交|包邮|[元块]|原来|批发|拿货|多少|费|券|团购|套餐|体验"
    "|不收|另算|自理|结账|收了?我|说好|黄牛|落地|裸车|指导|租金|月租|房租|旗舰店|付款|付钱|凭啥|凭什么|你家|涨了"
    "|自提|自取|诚心|[赚亏]|涨(?=[0-9一二三四五六七八九])|早就?(?:停|没|下架)了|京东|淘宝|闲鱼|拼多多|天猫|美团|抖音|同款|同行|咸鱼|1688"
    "|加[0-9]"
)
_ENDS_LIKE_A_PRICE = re.compile(r"[0-9]\.(?:9|8|99|88|90|80)$")
_MEMORY_SIZES = frozenset(map(Decimal, (256, 512, 1024)))
_SOLD = re.compile(
    "(?:[券卡票餐课装]|[大中小][份杯碗]|(?:[单双三四五六八十]人|[标套单双])间|套餐|成人|儿童|小孩|大人|单卖|单买|单点)$"
)
# Where a price was seen, or who else has it.
_SHOWN = re.compile(
    "(?:(?:传单|海报|易拉宝|价签|标签|菜单|网页|页面|链接)[上里]?(?:印|写|标|显示)?的?是?"
    "|(?:隔壁|对面|人家|别家|别人|他家|那家)家?店?(?:的|卖|收|才|就|只)?)$"
)
_MEMORY_TALK = re.compile(r"内存|存储|运存|[0-9]G|版|容量")
# 5k以内有推荐的吗: the approximator stands between the number and whatever follows.
_BOUNDED = frozenset({Approx.ABOUT, Approx.AT_MOST, Approx.AT_LEAST})
_SMALL = Decimal(100)
_THOUSAND = Decimal(1000)
_HALF_OF_TEN = 5
_HANDFUL = Decimal(10)
_STEPS = frozenset(["贵", "贵了", "转", "少", "少了", "涨", "涨了", "降", "降了"])
_LEAST_BID = 10
_MERELY = frozenset(["才", "只要", "只需", "仅", "仅需", "只要"])
_BID_FOLLOWS = re.compile(r"([中走干卖出行成做要得好包含送])[不唔]\1|行吗|可以[吗不]|卖吗|出吗|得唔得")
_HANDED_OVER = any_of("""
    拿走 带走 抱走 拿下 给你 给您 您拿 卖 成交 出 搞定 包[邮干安] 起 行不 行吗 可以 怎么样 咋样 吧 要不要 做不做
    能不能
""")
_UNITS_OF_MACHINES = re.compile(
    "[0-9](?:GB|TB|Hz|mm|cm|kg|km|mAh|[WVA](?![A-Za-z])|英寸|牛米|毫米|厘米|公分|伏|安|转|码|磅|串|秒(?!杀)|分贝"
    "|丝|毫安|瓦时|毫克|微克|度(?!假)|公里|小时[0-9])"
)
_FEW = 3
_HAGGLING = re.compile(
    r"[吗?？吧呗嘛啊]|行|搞定|写|官网|讲|问|昨天|上[次回]|这[次回]|上周|上个?月|前[天两几]|刚才|之前|跟我|订"
    r"|能不|能[到给做再拿出少]|可以|可不|咋|怎么"
    r"|太|才|都|说|报|要|少|抹|凑|拿走|成交|别家|隔壁|京东|淘宝|外面|网上|([中走干卖出行成做要得好包含送])[不唔]\1"
    r"|预算|上下|左右|以内|最多|最低|推荐"
    r"|给我|收我|同意|成不|干脆|诚心|发票|小票|收据|合同|账单|只能|最高|得了|带走|今天就|现在就|马上就|全包|落地"
    r"|到手|显示|写的|标的|看到|爽快|痛快|包圆|拉倒|算了|走一个|印的|传单|海报|广告|没错|伐|装得|能成|这个[数价]|这价|肯出|整数"
    r"|[转付]你|一口价|易拉宝|价签|不想超|别过"
    r"|(?:超过|高于|贵过|多于|以上)[^，。]{0,8}(?:别|不看|不用|不考虑|免谈)|(?:以上)的?(?:别|不)"
    r"|实付|扣|付|转|退|押|定金|报价|骗|差"
)
# What may stand between the name of a reading and its number.
_BRIDGE = re.compile(
    r"(?:[是为到了有达约中在才只也都就的里上还又再从量值数率度:：要差超过近年]|显示|已经?|怎么|现在|目前"
    r"|今[天年]|去年|大概|大约|差不多|一共|总共|做到"
    r"|[打调升降跑涨转]到|上面|[那这]个|可以|能|最[高大低小多]|只有|不到|将近|左右|应该|标称|官方|平均"
    r"|第?[0-9]+年?|高达|突破|[每一][人天日月年次个]"
    r"|一个[人月]){0,4}"
)
# Words of prices that rise and fall, and of scores and dials as well.
_LOOSE = frozenset(
    [
        "报",
        "打到",
        "转到",
        "给到",
        "降到",
        "涨到",
        "加到",
        "减到",
        "涨了",
        "涨",
        "降了",
        "降",
        "扣",
        "扣了",
        "拿到",
        "到位",
    ]
)
_WORN = re.compile("续航|电池|容量|性能|寿命|效果|疗效|产量|速度|体力|精力|成活|收成|听力|记忆|骨头?$|可信度|质量")
_RESOLUTIONS = frozenset(map(Decimal, (1000, 2000, 4000, 8000)))
_SCREENS = re.compile("屏|显示|画质|视频|电视|投影|分辨|高清|镜头|拍摄|录像|摄像")
_JOBS = re.compile(
    "岗位|提成另|[能可]以?拿到?[一二三四五六七八九0-9]+[千万k]|招聘|应聘|招人|招工|月休|五险|试用期|转正"
    "|底薪|加班费|上[一二六]休"
)
_TEN_THOUSAND = Decimal(10_000)
_NAME = re.compile(r"[^\W0-9A-Za-z一二两三四五六七八九十第共还剩到有]{2,6}")
_LAST_NAME = re.compile("[^，。,;；的]{2,8}$")
_MENU = re.compile(
    r"(?:^|[,，。;；])[^\W0-9A-Za-z一二两三四五六七八九十第共还剩到有]{2,6}[0-9]{2,4}(?=起|往返|[,，。;；]|$)"
)
_SPECS = re.compile("像素|毫安|芯片|处理器|播放|粉丝|并发|人口|注册资本")
_EXAM = re.compile("模拟考|模考|[一二]本线|分数线|雅思|托福")
_PIECES = re.compile("块(?:地砖|瓷砖|砖|板|玻璃|石材|木板|屏|电池)")
_OTHER_TALK = any_of("""
    报错(?!了) 接口 端口 错误码 并发 QPS qps TPS 压测 限流 延迟 带宽 日志 服务器 部署 升级到 导出 数据库 内网 缓存
    压缩
    体脂 体重 体温 血压 血糖 心率 BMI bmi 减脂 增肌
    [减瘦胖](?:了|到|肥|重|下来)?[^，。,0-9]{0,3}[0-9一二三四五六七八九十百]+斤
    斤[^，。,]{0,4}[减瘦]到 胎压 离地 血脂 糖化 肌酐 尿酸值 高压 低压 海拔 航班 车次 学号 坏了 词汇 单词 真题 模考
    考了
    测试 滴水 漏水 没热水 漏电 空鼓
""")


class Talk:
    """What a whole message talks of; each pattern is looked for once, however many numbers the message has."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._known: dict[re.Pattern[str], bool] = {}
        self._readings: tuple[tuple[int, bool], ...] | None = None

    @property
    def readings(self) -> tuple[tuple[int, bool], ...]:
        """Where the words end after which numbers are readings, and whether they tell of the whole message."""
        if self._readings is None:
            self._readings = tuple(readings_in(self.text))
        return self._readings

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Whether `pattern` is found."""
        known = self._known.get(pattern)
        if known is None:
            known = self._known[pattern] = pattern.search(self.text) is not None
        return known

    def is_list(self, pattern: re.Pattern[str]) -> bool:
        """Whether `pattern` is found more than once."""
        return sum(1 for _ in islice(pattern.finditer(self.text), 2)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An amount and what stands around it. `window` is where the words that belong to it begin; `has_unit`: it is per
    something; `beside`: a price of its size came just before; `paused`: a blank follows; `by_seller`: who says it.
    """

    talk: Talk
    amount: Amount
    cue: Cue | None
    window: int
    has_unit: bool
    beside: bool
    paused: bool
    by_seller: bool

    @property
    def text(self) -> str:
        return self.talk.text

    @property
    def is_told(self) -> bool:
        """Whether a word says what the number is, more than 是 or 要 do."""
        return self.cue is not None and not self.cue.is_weak and self.cue.word not in _LOOSE

    @property
    def value(self) -> Decimal:
        return self.amount.value if self.amount.value is not None else Decimal(0)

    @property
    def has_readings(self) -> bool:
        """Whether the message tells of a meter, a body, a machine …"""
        return any(of_all for _, of_all in self.talk.readings)

    def is_left_of(self, pattern: re.Pattern[str]) -> bool:
        return pattern.match(self.text, self.amount.end) is not None

    def talks_of(self, pattern: re.Pattern[str]) -> bool:
        return self.talk.has(pattern)


def is_money(seen: Seen) -> bool:
    """Whether an amount is money, or a share of it: the first of `_RULES` that holds decides."""
    return next(verdict for verdict, holds in _RULES if holds(seen))


def _is_a_share(seen: Seen) -> bool:
    return seen.amount.measure not in {Measure.MONEY, Measure.BARE}


def _is_worn_down(seen: Seen) -> bool:
    """续航打七折."""
    return seen.amount.measure is Measure.FOLD and _WORN.search(seen.text, seen.window, seen.amount.start) is not None


def _is_a_resolution(seen: Seen) -> bool:
    """屏幕是4K的."""
    amount = seen.amount
    letter = seen.text[amount.start : amount.end][-1:] in {"K", "k"}
    return letter and seen.value in _RESOLUTIONS and seen.talks_of(_SCREENS) and not seen.talks_of(_PRICE_TALK)


def _is_pay(seen: Seen) -> bool:
    """一个月到手七千 in a message about a job."""
    return seen.talks_of(_JOBS) and not seen.talks_of(_PRICE_TALK)


def _is_of_something_else(seen: Seen) -> bool:
    return seen.cue is not None and seen.cue.family in {Family.NOT_OURS, Family.ATTRIBUTE}


def _is_a_reading(seen: Seen) -> bool:
    """水表是193, 扭矩要到45: nothing but a bridge stands between what is measured and the number."""
    start = seen.amount.start
    if seen.cue is not None and seen.cue.after:
        return False
    return any(
        seen.window <= end <= start and _BRIDGE.fullmatch(seen.text, end, start) is not None
        for end, _ in seen.talk.readings
    )


def _is_a_piece(seen: Seen) -> bool:
    """三块蛋糕: a few pieces of something, not yuan."""
    if not seen.amount.marked or seen.has_unit or seen.text[seen.amount.end - 1] != "块":
        return False
    if seen.talks_of(_PIECES):
        return True
    return seen.amount.chinese and 0 < seen.value < 10 and not seen.is_left_of(_OPEN_RIGHT)


def _is_a_lone_digit(seen: Seen) -> bool:
    """一天一签字: a lone digit counts something; 0418 is a code."""
    amount = seen.amount
    if re.match("0[0-9]", seen.text[amount.start : amount.end]):
        return True
    return amount.chinese and amount.end - amount.start == 1 and not amount.scaled


def _is_a_step(seen: Seen) -> bool:
    """转3, 少了2: one of these words and a handful is a step or a count."""
    return seen.value < _HANDFUL and seen.cue is not None and seen.cue.word in _STEPS


def _is_closed(seen: Seen) -> bool:
    return seen.cue is None and seen.is_left_of(_CLOSED_RIGHT)


def _is_of_other_talk(seen: Seen) -> bool:
    """The message talks of machines, bodies or places and never of money: its numbers are theirs."""
    if seen.cue is not None and seen.cue.family is not Family.PRICE:
        return False
    if seen.talks_of(_PRICE_TALK):
        return False
    if seen.has_readings and not seen.is_told and not (seen.by_seller and _is_laid_out(seen)):
        return True
    return seen.talks_of(_OTHER_TALK) and not (seen.amount.scaled and seen.value >= _TEN_THOUSAND)


def _is_laid_out(seen: Seen) -> bool:
    """八万起，看节点数: introduced, bounded, or one of several in a list."""
    return seen.cue is not None or seen.amount.approx is not Approx.EXACT or seen.talk.is_list(_MENU)


def _is_idle_talk(seen: Seen) -> bool:
    """A customer's number with no word of money, asking or haggling in the message."""
    if seen.by_seller or seen.is_told or seen.amount.scaled or seen.beside:
        return False
    alone = len(seen.text) - (seen.amount.end - seen.amount.start) <= _FEW
    return not alone and not seen.talks_of(_PRICE_TALK) and not seen.talks_of(_HAGGLING)


def _is_memory(seen: Seen) -> bool:
    """内存256."""
    return seen.value in _MEMORY_SIZES and seen.talks_of(_MEMORY_TALK)


def _is_counted(seen: Seen) -> bool:
    return _COUNTS_LEFT.search(seen.text, seen.window, seen.amount.start) is not None


def _is_vague_price(seen: Seen) -> bool:
    """要好几百, 好几千的马桶."""
    amount = seen.amount
    return amount.scaled and (seen.cue is not None or seen.text[amount.start - 1 : amount.start] == "好")


def _buys_several(seen: Seen) -> bool:
    after = bundle_after(seen.text, seen.amount.end)
    return bool(after or bundle_before(seen.text, seen.window, seen.amount.start)) and seen.value >= 1


def _is_written_like_a_price(seen: Seen) -> bool:
    """四千二, 1w2, 8.8万, 一千六百九十九: a large number is written so only as a price, or before a unit of its own."""
    amount, text = seen.amount, seen.text
    if "," in text[amount.start : amount.end]:
        return True
    if amount.elliptic and text[max(0, amount.start - 1) : amount.start] == "的":
        return True
    if 100 <= seen.value < 1000:
        odd = amount.chinese and amount.scaled and int(seen.value) % 10 in {8, 9}
        return odd and "零" not in text[amount.start : amount.end]
    if seen.value < 1000:
        return False
    to_the_yuan = amount.chinese and amount.scaled and seen.value % 10 != 0
    in_ten_thousands = amount.scaled and "." in text[amount.start : amount.end]
    return amount.elliptic or to_the_yuan or (in_ten_thousands and not text.startswith("+", amount.end))


def _is_shut_in(seen: Seen) -> bool:
    """No word tells, and what follows may be what the number counts."""
    free = seen.cue is not None or seen.paused or seen.amount.approx in _BOUNDED
    return not free and not seen.is_left_of(_OPEN_RIGHT)


def _is_small_price(seen: Seen) -> bool:
    """9.9 looks like a price; 35 is one where prices are talked of and it opens the clause or has a weak cue."""
    amount, text = seen.amount, seen.text
    if not amount.chinese and _ENDS_LIKE_A_PRICE.search(text, amount.start, amount.end):
        return True
    if any(words.search(text, seen.window, amount.start) for words in (_SOLD, _SHOWN)) or _is_menu_line(seen):
        return True
    if (
        seen.cue is not None
        and seen.cue.word in _MERELY
        and not seen.text.endswith(("我才", "他才", "她才"), 0, seen.amount.start)
        and _is_price_shaped(seen)
    ):
        return True
    if seen.value >= _LEAST_BID and seen.is_left_of(_BID_FOLLOWS):
        return True
    if seen.value < 5 or not seen.talks_of(_PRICE_TALK):
        return False
    return seen.cue is not None or not text[seen.window : amount.start].strip()


def _is_menu_line(seen: Seen) -> bool:
    """拍片80，挂号免费: a short name and a number, nothing else, in a message that talks of prices."""
    text, amount = seen.text, seen.amount
    ends = amount.end == len(text) or text[amount.end] in "，,。;；!！往起吗"
    name = _LAST_NAME.search(text, seen.window, amount.start)
    if not ends or name is None or _NAME.fullmatch(name[0]) is None:
        return False
    listed = seen.talk.is_list(_MENU) and not seen.talks_of(_UNITS_OF_MACHINES) and seen.value == int(seen.value)
    return seen.talks_of(_PRICE_TALK) or listed


def _looks_like_a_year(seen: Seen) -> bool:
    amount = seen.amount
    return seen.cue is None and not amount.scaled and not amount.chinese and 2010 <= seen.value <= 2035


def _is_alone(seen: Seen) -> bool:
    return len(seen.text) - (seen.amount.end - seen.amount.start) <= _FEW


def _is_price_shaped(seen: Seen) -> bool:
    """Prices are round, or end in 8 or 9; readings end in anything."""
    value = seen.value
    if value != int(value):
        return False
    return int(value) % 10 in {0, 8, 9} or (value < _THOUSAND and int(value) % 10 == _HALF_OF_TEN) or _repeats(value)


def _repeats(value: Decimal) -> bool:
    """666, 3388, 5566."""
    return len(set(str(int(value)))) <= _FEW - 1


def _is_written_out(seen: Seen) -> bool:
    amount = seen.amount
    return amount.scaled or amount.value_max is not None or amount.approx is not Approx.EXACT


_EVIDENCE: Sequence[tuple[int, Callable[[Seen], bool]]] = (
    (3, _is_alone),
    (2, lambda seen: seen.talks_of(_PRICE_TALK)),
    (2, lambda seen: seen.is_left_of(_HANDED_OVER)),
    (1, lambda seen: not seen.by_seller and seen.talks_of(_HAGGLING)),
    (1, lambda seen: seen.by_seller),
    (1, lambda seen: seen.cue is not None),
    (1, _is_price_shaped),
    (1, lambda seen: seen.by_seller and seen.talk.is_list(_MENU)),
    (1, _is_written_out),
    (1, lambda seen: seen.amount.scaled and seen.value >= _TEN_THOUSAND),
    (-2, lambda seen: seen.has_readings),
    (-2, lambda seen: seen.talks_of(_UNITS_OF_MACHINES)),
)
_ENOUGH = 2


def _weighed(seen: Seen) -> int:
    """The sum of what speaks for and against a bare number."""
    return sum(weight for weight, holds in _EVIDENCE if holds(seen))


_Rule = tuple[bool, Callable[[Seen], bool]]
_RULES: Sequence[_Rule] = (
    (False, _is_worn_down),
    (True, _is_a_share),
    (False, _is_of_something_else),
    (False, _is_a_piece),
    (True, lambda seen: seen.amount.marked),
    (False, _is_a_lone_digit),
    (False, _is_a_reading),
    (False, _is_a_resolution),
    (False, _is_pay),
    (False, lambda seen: seen.has_unit and seen.value < _THOUSAND and seen.talks_of(_EXAM)),
    (True, lambda seen: seen.has_unit and (seen.by_seller or _weighed(seen) > -_ENOUGH)),
    (False, _is_a_step),
    (False, _is_closed),
    (False, _is_of_other_talk),
    (False, _is_idle_talk),
    (False, lambda seen: seen.is_told and _is_memory(seen)),
    (True, lambda seen: seen.is_told),
    (True, lambda seen: seen.beside and seen.amount.measure is Measure.BARE and not _is_counted(seen)),
    (True, lambda seen: seen.amount.value is None and _is_vague_price(seen)),
    (False, lambda seen: seen.amount.value is None),
    (False, _is_memory),
    (False, _is_counted),
    (True, _buys_several),
    (False, lambda seen: seen.cue is None and seen.talks_of(_SPECS) and not seen.talks_of(_PRICE_TALK)),
    (True, _is_written_like_a_price),
    (False, _is_shut_in),
    (True, lambda seen: seen.value < _SMALL and _is_small_price(seen) and _weighed(seen) > 0),
    (False, lambda seen: seen.value < _SMALL),
    (False, _looks_like_a_year),
    (True, lambda seen: _weighed(seen) >= _ENOUGH),
    (False, lambda _: True),
)
