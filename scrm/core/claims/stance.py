"""What is being done with a number: offered, denied, asked, bid, reported, told of the past or the future."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scrm.core.claims.model import Kind, Stance
from scrm.core.claims.patterns import any_of
from scrm.core.timeline import SELLERS, Speaker

_CLAUSE = re.compile("[^，。！？；,!?;\n]*")
_SENTENCE = re.compile("[^。！？!?\n]*")
_NEGATES = re.compile(
    r"(?:不是(?!说)|没说过?|没有说过?|没报过?|没有报过?|没有?(?:答应|讲|承诺|提|写|谈)过?|从没|从来没|哪有"
    r"|哪里有|不可能|怎么可能|不收|不用|无需|不需要|没有|并非|谁说|不会(?!超)|不给|(?<![特分个性区级类识判送告鉴])别(?!人|家|的|墅|克|样|致)|未(?!来|税|满|拆|含)|不能给"
    r"|做不到|给不了|到不了|达不到)[^，。,]{0,8}$|(?:不含|不包)$|不要[^，。,]{0,2}$"
)
_CHECKED_BACK = re.compile("对吧|对不对|是吧|对的吧|是不是")
_TURN = re.compile(r"的话|然后|但是?|不过|所以|而且|另外|还有|而是|(?<=过)[哈啊哦呀嘛呢](?=最|我|就|现|实)")
_REFUSES = re.compile(
    r"(?:元|块钱?)?(?:的?(?:价格?)?)?(?:这个价)?(?:真的?|真心|肯定|实在|确实|是|都|也|我们?)*(?:不行|不可能"
    r"|做不了|做不[到下]|办不了|批不下来?|过不了|拿不[到下]|给不了|不能卖|太低|没有了?[的，。]|(?:可?不是(?:我们?|咱们?)|(?:我们?|咱们?)?(?:可|从|从来)?没有?(?:同意|答应|说|讲|报|承诺|许诺)过)"
    r"|我?可没(?:同意"
    r"|答应|说|讲|报|承诺|许诺|提|写)过?|没法|卖不了|不够|亏|[啊哦嗯]?(?:不对|说错|报错|记错))"
)
_COMPETES = any_of("""
    京东(?!卡|[eE]卡|自营店|旗舰店|支付|白条|快递|物流|发货|配送|链接|下单|商城店) 天猫(?!积分|店铺?|旗舰|下单|券)
    淘宝(?!店|链接|下单|客服) 拼多多 抖音(?!店|号|直播) 唯品会 苏宁 国美 别家 别人家? 邻居
    (?<!到)楼下(?!大堂|门店|店) 其他家
    其它家 楼上那?家
    别的[^，。,]{0,3}(?:店|家|地方|品牌|商家|机构|公司|平台|车队|司机|师傅|中介) (?<!军)人家(?![属庭长])
    他们(?!都|说) 黄牛 隔壁 对门
    [四4][sS儿][子]?店
    对面(?:那|的|店)?
    (?<![人蜜位友者客])同行 友商 竞品 其他平台 其他店 外面 市面上 别处 对手 网上那 某宝 某东 PDD pdd 1688 闲鱼 另一家
    另外一家 那家 超市 平台上 菜场 网上同款 同款 美团 携程 飞猪 他家 她家
""")
_OURS = any_of("""
    我们 咱们? 本店 我家 我这 咱家 这边 我给您 [你您](?:们|家|这|店)
""")
_PAST = re.compile(
    r"(?:以前|(?<![号日点天月周节一二三四五六末])之前(?!订|定|下单|付|交|拍|来|报)|原来|原先|原本|去年|前年"
    r"|(?<!比)昨天|前天|上一?[次批期回]|上年|买的时候|当初|上半年|年初|上季度|还卖$|(?<!比)上周|(?<!比)上个?月"
    r"|当时|那时候?|那会儿|那阵子?|过去"
    r"|早先|曾经|以往|前两天|前几天|前阵子|历史|(?:年|个月|周|天|星期)前|刚出的时候|刚上市|早期|[假节学]前"
    r"|本来)(?!的活动"
    r"|您?你?(?:来|到店)?(?:看|试|问|聊|咨询)(?:中|上|过)?的)"
)
_OVER = re.compile(
    r"(?!.{0,2}再[低少便])[^，。,!?;]{0,8}(?:活动|优惠|价格?|促销)?[^，。,!?;]{0,5}(?:结束了|过期|截止了|下架"
    r"|没有?了|过了|失效|停了|下线了|没这个价|那?是(?:上个?月|去年|以前|之前|早先|原来|上周|老)的|取消了|改价|涨价了|有误|作废|不作数)"
)
_FUTURE = any_of("""
    下个?月 下周 下个?星期 下个?礼拜 明天(?=起|开始|就|要|涨|恢复|价|会) 明[早晚](?=起|开始|就|要|涨|恢复)
    (?:周|星期|礼拜)[一二三四五六日天](?=起|开始) 后天 过几天 过两天 过段时间
    马上(?=要|就|涨|恢复|会) 即将 将(?=要|会|涨|调|恢复) (?<!叠加)(?<!补)(?<!优惠)(?<![里时斤米个件箱])以后
    (?:活动|节|年|期)(?:结束)?(?:之|以)?后 到时候? 到期后
    (?:之后|以后|过后)(?:就|会|要|将)?恢复 明年 过完年 过了年 年后 开春 开年
    [0-9一二三四五六七八九十]+月份?(?:要|会|得|还要) 下半年 下个?季度 (?:从|自)[^，。,]{1,8}起 下一?批 下一?期 下次
    过了[^，。,]{1,6}$ 过了就是$ 过期$ 逾期$ 错过(?:就|得) 过了[^，。,]{1,12}就(?:恢复|是|要)
    [0-9一二三四五六七八九十]+[号日月](?:起|开始|以后|之后|后|恢复|就) 要涨 会涨 快涨 就涨
    (?<![折券减惠扣领])之后(?=就|要|会|恢复|涨)
    届时 (?:元旦|春节|国庆|五一|中秋|端午|清明|双十[一二]|618|年货节|[暑寒]假|开学)(?:过|之|以)?后 过[完了][节年]
    (?:月底|下月|年底|节后|周[一二三四五六日末]后?|活动后?|结束后?|[0-9一二三四五六七八九十]+[号月日])(?:就|会|要|再)?恢复
""")
_NOW = any_of("""
    现在 目前 (?<!过了)今天 当前 这会儿? 已经
""")
_IF = any_of("""
    如果 要是 假如 假设 若是? 倘若 (?<!不)只要(?![0-9零一二两三四五六七八九十¥])[^，。,]{2,}

    (?:买|拿|定(?!制)|订|(?<!改)签|续|充|团购|一次|一起[报洗做买办拿来]?|报满?[0-9一二三四五六七八九十]+|没[^，。,]{0,4}|满)[^，。,!?]{0,6}的话
    一次性?(?:买|付|拿|订|交|买够|拿够)

    [0-9零一二两三四五六七八九十百千万]+(?:台|件|人|个|套|份|箱|位|张|吨|盒|单|米|平|片|支|斤|袋|包|根|条|次|节|瓶|方|棵|株|床|间|组|条|双|把|副|桌|辆)?(?:及?以上|往上)
    才能 前提是? (?:没过|不过|没通过|考不过|不满意|无效)(?=[^，。,]{0,3}[退赔])
    (?:没过|不过|没通过|考不过|不满意|无效)[退赔]$
     达到[0-9一二三四五六七八九十]
    (?:超过|拿到?|要|满|一次)[0-9一二两三四五六七八九十百千]+[^，。,0-9]{1,2}(?:以上|往上|的话)
    满[0-9一二两三四五六七八九十]+[台件人个套份箱]
""")
_IF_NOW = re.compile("(?:今天|现在|今晚|这会儿)[^，。,]{0,5}的话")
_TOLD = re.compile(
    r"(?:同事|客服|领导|前台|顾问|销售)[^，。,]{0,6}(?:说|报|讲|告诉)(?:的|过|是|给)?|您(?:刚才|之前)?(?:说|讲)的"
)
_BUDGET = any_of("""
    预算 心理价位? 价位 承受 打算花 准备花 想花 控制在 不想超过?$ 别过$ 拿得?出来?$ 手里(?:只|也)?[有就] 手头
    准备(?=[^，。,]{0,3}$) 只批(?!到)了? 给批
    月租最多 想请 租金最多 最[多高](?:只能|就)?$ 只能到$ 想(?:做|买|要|租|找|办|订|弄|搞|配)一?[个套台条双件]?$
""")
_BUDGET_ASKS = any_of("""
    (?:以内|以下|之内|左右|不超过|上下|之间)[^。!?]{0,6}(?:的|有|推荐|款) 不超过[^。!?]{0,12}(?:有|推荐|款) 不考虑
    别超过 不要超过 帮我(?:筛|找|挑|看看) 就算了 的预算 搞得定不 推荐下 [0-9万千百kKwW]内的
    的[^，。,]{1,8}(?:哪个|哪款|有没有|求?推荐) 就不(?:要|买|考虑|办)了 ^[^，。]{0,4}最多[^，。给出]{1,8}(?:$|，多了)
    求[^，。]{0,6}(?:推荐|方案) 想(?:做|买|要|租|找|办|订|弄|搞|配)一?[个套台条双件]?$
    (?<!超)(?<!超出)预算 (?:超过|高于|贵过|多于|大于)[^，。,]{1,10}的?(?:别|不看|不用|免谈|不要|不行)
    (?<=[0-9百千万块元])封顶(?:[，。]|$) 能买到?个?[啥什] 以上的?(?:别|不用|不要|不看|不考虑) (?:以内|之内)能不能
    以内的?[吗]?$ 我?能接受 够[不吗] 的话能[去买做] 的有(?:没有|哪些|推荐|吗) 封顶[^。]{0,8}推荐
    (?:上下|左右|以内|几[百千万]块?)能不?能?搞定 块的[^，。]{2,8}$ 的[^，。,0-9]{0,5}(?:就行|就好|就可以)
    有没有[^，。,]{0,10}的
""")
_BIDS = any_of("""
    做不做 走不走 干不干 得[不唔]得 要不要得 爽快 痛快 一口价 就这个?[数价] [顶最]多(?:给|出) [只就]肯?[出给]$
    肯出 要不要卖 我?全[要包]了?
    (?<=[0-9百千万块元])我?就(?:定|拍|签|买了|下单) 再[下砍](?!单) (?:能成|行)就?成 包圆
    (?<=[0-9百千万十块元])(?:得了|拉倒|算了|走一个)(?:[。!，,]|$) [可以行好成卖]伐
    起码[0-9一二两三四五六七八九十得要] 诚心 能?接吗 行的话 做得[^，。,]{1,3}不 行不行 可不可以 可以不 可以吗
    可以么 可以嘛 能不能 能否 怎么样 咋样 能谈
    谈谈 出不出 给不给 肯不肯
    能[^，。,]{0,4}不$ 出吗 成不 中不中 行吗 行么 行嘛 行不 好吗 好不好 成吗 卖不卖 卖吗 卖我
    给我(?!报|说|看|发|的|算|开|打)
    行就(?:定|要|拍|付|下|买) 我就
    (?:今天|现在|马上|立马|立刻)就?(?:付|定|买|拍|下|转|要(?![0-9一二两三四五六七八九])|签) 要是能 如果能 要能 能到
    给个[^，。,]{0,5}价 能给 能做 能便宜 能优惠
    能少 能再 能打 能送 能包 最多(?:给|出) 再(?:便宜|少|减|优惠|送|降|让|低) 便宜点 少点 优惠点 抹个?零 凑个?整 我出
    我给 成交 拿走 拿了 砍 [0-9零一二三四五六七八九十百千万元块折]吧 干脆 图个吉利 就这么定
    (?<![是对错])吧(?:[。!]|$) [呗](?:老板|哥|姐|[。!，,]|$) 多一[块分] (?:只能|最多|可以)出到?
""")
_REPORTS = any_of("""
    说(?:的|好|是|过|了|给|有) (?<!您)说[^，。,吗]{0,8}$ 报(?:的|价|过|了|给)
    怎么[^，。,]{0,6}(?:要|收|卖|报|变|成|是) 怎么(?!样)[^，。,]{0,6}$ 变成?(?:了)?$ 写(?:的|着|了|是)
    标(?:的|着|价) 显示 页面 网页 详情 客服 同事 明明 上次 昨天 前天 刚才 刚刚 之前 付了 交了 花了 交的 付的 订的
    办的 团的 拍的 给的是? 医生 经理 已经转 转你 团了 上回 上一次 团购上 发票 合同 小票 收据 账单 买的 收了?我 扣了
    扣我 付的 转了 变成 告诉我 跟我 给我报 承诺 答应 不是说 多收 [元块]买 刷了 拍的 下单的 截图 为什么 怎么涨 怎么降
    宣传 广告 海报 实付 实收 收费 反而 又说 [要叫]我 刷卡 发我的 到店 [你您]们$
    (?:现在|今天|结果|到店|这会儿)又?(?:要|收|变|成|卖|报|是)$
""")
_TOO_MUCH = any_of("""
    太贵 好贵 这么贵 贵了 有点贵 太高 太坑 太黑 离谱
""")
_BACK = re.compile(r"(?:一[个位次节斤台件套张]|的|元|块钱?)?(?:是|对)?(?:吗|么|不是|是吧|没错吧)")
_COULD = re.compile("能|可以|行|要是|肯|出")
_ASKS = any_of("""
    吗 (?<![什怎那这多要])么(?![，。]) 嘛 [?？] 是不是 对吧 对不对 是吧 没错吧 还是[^，。]*呢 多少 呢$ 有没有 是否
    什么时候 能买几 可以买几
    还是[^，。]{1,8}[呢啊] (?<=[0-9一二三四五六七八九十百千万元块])不[?？]?$
    还有没
""")


_NEXT_NUMBER = re.compile("[0-9]|[二两三四五六七八九][百千万]")
_WANTS = re.compile("想[请做买要租找办订弄搞配]")
_SEEKS = re.compile("求[^，。,]{0,8}(?:推荐|方案)|推荐[下一]|帮[我忙](?:推荐|挑|选)")
_MEANS = re.compile("预算|心理价|承受|手里|手头|准备")
_HIS_MEANS = re.compile("预算|心理价|承受")
_OWNER = re.compile("房东|业主|车主|卖家|原主")
_BOUGHT_THERE = re.compile("买的|拍的|团的|下的?单|订的|领的")
_TAKES = re.compile(
    "(?:元|块钱?|整)?[^，。,!?0-9]{0,4}?(?:我就|我今天|我现在|我马上|我自提|我自取|我拿|我要|行不|可以不|能做不"
    "|能不能做|干不干|卖不卖|成不|给不给|出不出|能出不"
    "|拿走|带走|走不走|我定|我订|[^，。,]{0,3}可以就|行就)"
)
_TAKES_NEXT = re.compile(
    "[，, ](?:能[出做卖接定签]|行(?:的话)?我?就|可以(?:的话)?我?就|同意就|行我|我?要?[0-9]+[^，。,0-9]{1,3}[，, ]行就)"
)
_PER_ONE = frozenset({"", *(f"一{unit}" for unit in "年月天晚次个台件套平位人节课米吨斤"), "一个月", "一平米"})
_LESS = re.compile("(?:便宜|少|减|抹|优惠|降|让)[点个您你掉]?$|再(?:便宜|少|减|优惠|降|让)")
_NOT_IT = re.compile("不是(?!说)[^，。,]{0,8}$")
_WHICH = re.compile("哪个(?:算数|为准|才?对|准)|按哪个|信哪个|听谁的|谁说的算|以谁的?为准|以哪个")
_ASKED_ABOUT = re.compile("是不是|怎么|咋")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an amount stands: its text, the end of the amount before it, its own span and its clause and sentence."""

    text: str
    previous: int
    start: int
    end: int
    clause: tuple[int, int] = field(init=False)
    left: str = field(init=False)
    right: str = field(init=False)

    def __post_init__(self) -> None:
        start, end = _bounds(self.text, self.start, self.end, _CLAUSE)
        object.__setattr__(self, "clause", (start, end))
        object.__setattr__(self, "left", self.text[max(start, self.previous) : self.start])
        object.__setattr__(self, "right", self.text[self.end : end])

    @property
    def own(self) -> str:
        return self.text[self.start : self.end]

    @property
    def near(self) -> str:
        """Its clause, with the mark that ends it."""
        start, end = self.clause
        return self.text[start : end + 1]

    @property
    def rest(self) -> str:
        """Its clause from the amount on."""
        return self.text[self.start : self.clause[1]]

    @property
    def sentence(self) -> str:
        start, end = _bounds(self.text, self.start, self.end, _SENTENCE)
        return self.text[start : end + 1]

    @property
    def stretch(self) -> str:
        """Its sentence, from the amount before it to the next number."""
        start, end = _bounds(self.text, self.start, self.end, _SENTENCE)
        following = _NEXT_NUMBER.search(self.text, self.end, end)
        if following is not None:
            clause, _ = _bounds(self.text, following.start(), following.end(), _CLAUSE)
            end = clause - 1 if clause > self.end else following.start()
        return self.text[max(start, self.previous) : end + 1]


_Rule = tuple[Stance, Callable[[Place, Kind], bool]]


def _bounds(text: str, start: int, end: int, part: re.Pattern[str]) -> tuple[int, int]:
    before, after = part.match(text[:start][::-1]), part.match(text, end)
    return start - (before.end() if before else 0), after.end() if after else len(text)


def stance_of(place: Place, kind: Kind, speaker: Speaker) -> Stance:
    """How the speaker stands to the amount at `place`."""
    if speaker in SELLERS:
        return _stands(_SELLERS, place, kind, Stance.OFFER)
    return _stands(_CUSTOMERS, place, kind, Stance.REPORTED)


def _stands(rules: Sequence[_Rule], place: Place, kind: Kind, otherwise: Stance) -> Stance:
    return next((stance for stance, holds in rules if holds(place, kind)), otherwise)


def _denied(place: Place, _: Kind) -> bool:
    return bool(_NEGATES.search(_TURN.split(place.left)[-1]) or _REFUSES.match(place.right))


def _past(place: Place, kind: Kind) -> bool:
    if kind in {Kind.REF_PRICE, Kind.PRICE_CHANGE} or _NOW.search(place.left):
        return False
    return bool(_PAST.search(_CHECKED_BACK.split(place.left)[-1]) or _OVER.match(place.right))


def _future(place: Place, kind: Kind) -> bool:
    if kind is Kind.REF_PRICE or _NOW.search(place.left):
        return False
    return bool(_FUTURE.search(place.left) or _FUTURE.search(_clause_before(place)))


def _conditional(place: Place, _: Kind) -> bool:
    return any(_IF.search(part) and not _IF_NOW.search(part) for part in (place.left, _clause_before(place)))


def _clause_before(place: Place) -> str:
    """The clause that leads up to this one: 如果一次买10台，可以做到3300."""
    start = place.clause[0]
    if start < 2 or place.text[start - 1] not in "，,":
        return ""
    before, _ = _bounds(place.text, start - 1, start, _CLAUSE)
    clause = place.text[before : start - 1]
    return clause if before >= place.previous else ""


def _is_competitors(place: Place, kind: Kind) -> bool:
    if kind not in {Kind.PRICE, Kind.UNIT_PRICE, Kind.DISCOUNT_RATIO, Kind.GIFT, Kind.FEE}:
        return False
    left = place.left
    matches = list(_COMPETES.finditer(left))
    if not matches:
        return False
    match = matches[-1]
    ours = _OURS.search(left, match.end()) or _BOUGHT_THERE.search(left, match.end())
    return not ours and "比" not in left[: match.start() + 1][-3:]


def _budget(place: Place, kind: Kind) -> bool:
    if kind not in {Kind.PRICE, Kind.UNIT_PRICE, Kind.INSTALMENT, Kind.DOWN_PAYMENT} or place.right.startswith("够"):
        return bool(_MEANS.search(place.left))
    asked = any(_BUDGET_ASKS.search(words) for words in (place.near, place.rest)) or _WANTS.match(place.right)
    return bool(_BUDGET.search(place.left) or asked or _SEEKS.search(place.sentence))


def _customer_denies(place: Place, _: Kind) -> bool:
    return bool(_NEGATES.search(place.left)) and "不是说" not in place.near and not _ASKS.search(place.near)


def _reported(place: Place, _: Kind) -> bool:
    return bool(_REPORTS.search(place.left) or _REPORTS.match(place.right) or _TOO_MUCH.search(place.near))


def _asked_back(place: Place, _: Kind) -> bool:
    """19块9吗: the number itself is asked for."""
    return bool(_BACK.match(place.text, place.end)) and not _COULD.search(place.left)


def _bid(place: Place, kind: Kind) -> bool:
    return not _is_wordless(place, kind) and bool(_BIDS.search(place.near))


def _bid_in_the_sentence(place: Place, kind: Kind) -> bool:
    return not _is_wordless(place, kind) and bool(_BIDS.search(place.stretch))


def _bid_at_once(place: Place, kind: Kind) -> bool:
    """1500我自提, 一千六能做不, 15000，能出我下午过来: taken up right after the number."""
    if _is_wordless(place, kind) or _REPORTS.search(place.left) or _ASKED_ABOUT.search(place.left):
        return False
    return bool(
        _TAKES.match(place.right) or (place.right in _PER_ONE and _TAKES_NEXT.match(place.text, place.clause[1]))
    )


def _less_is_bid(place: Place, kind: Kind) -> bool:
    return kind is Kind.AMOUNT_OFF and bool(_LESS.search(place.left)) and bool(_BIDS.search(place.sentence))


def _doubted(place: Place, _: Kind) -> bool:
    """不是2680吗; 到底按哪个: what was said before is held against what is said now."""
    denied = _NOT_IT.search(place.left) and place.right.startswith(("吗", "么", "嘛"))
    return bool(denied or _WHICH.search(place.sentence))


def _is_wordless(place: Place, kind: Kind) -> bool:
    """包邮 in a bid is asked for, but not bid."""
    return kind is Kind.GIFT and not any(c in "0123456789一二两三四五六七八九十" for c in place.own)


_SELLERS: Sequence[_Rule] = (
    (Stance.BUDGET, lambda place, _: bool(_HIS_MEANS.search(place.left)) and not _OWNER.search(place.left)),
    (Stance.NEGATED, _denied),
    (Stance.COMPETITOR, _is_competitors),
    (Stance.PAST, _past),
    (Stance.FUTURE, _future),
    (Stance.REPORTED, lambda place, _: bool(_TOLD.search(place.left))),
    (Stance.CONDITIONAL, _conditional),
)
_CUSTOMERS: Sequence[_Rule] = (
    (Stance.BUDGET, _budget),
    (Stance.COMPETITOR, _is_competitors),
    (Stance.REPORTED, _doubted),
    (Stance.COUNTER, _less_is_bid),
    (Stance.COUNTER, _bid_at_once),
    (Stance.NEGATED, _customer_denies),
    (Stance.REPORTED, _reported),
    (Stance.QUESTION, _asked_back),
    (Stance.COUNTER, _bid),
    (Stance.QUESTION, lambda place, _: bool(_ASKS.search(place.near))),
    (Stance.COUNTER, _bid_in_the_sentence),
    (Stance.QUESTION, lambda place, _: bool(_ASKS.search(place.sentence))),
)
