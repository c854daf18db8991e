"""Which word makes a number what it is: tables of cues, looked for left and right of an amount."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from scrm.core.claims.amounts import Amount, Measure, fold_share
from scrm.core.claims.model import Kind
from scrm.core.claims.patterns import one_of


class Family(StrEnum):
    """What a cue is about. With the measure of the amount (CNY, %, 成 …) it gives the kind."""

    REFERENCE = "reference"
    OFF = "off"
    RISE = "rise"
    FALL = "fall"
    DEPOSIT = "deposit"
    BALANCE = "balance"
    BOND = "bond"
    DOWN_PAYMENT = "down_payment"
    INSTALMENT = "instalment"
    INTEREST = "interest"
    YIELD = "yield"
    FEE = "fee"
    REBATE = "rebate"
    REFUND = "refund"
    PAYMENT = "payment"
    GIFT = "gift"
    LOAN = "loan"
    PRICE = "price"
    ATTRIBUTE = "attribute"
    NOT_OURS = "not_ours"


_FEES = r"""
    运费 邮费 手续费 服务费 首重 续重 税费 费率 维修基金 车船税 购置税 公证费 尾箱费 税点 税金 税率 增值税 契税
    开票(?=[要加另费需得再])
    专票 普票 佣金 违约金
    滞纳金 (?:[^\W0-9A-Za-z免消学教团保会花浪自公话充缴收付续退月年日药员全])费(?!用|心|时|力|劲|电)
"""
# [^…]费: any other 费 is a fee, but for those that are the price itself (学费) or no charge at all (免费, 消费).
LEFT_CUES: dict[Family, str] = {
    Family.REFERENCE: """
        原价 原售价 [老旧全]价(?!格) [公牌]价 参考价 目录价 刊例价 散客价 柜台价 商场价 商超价 上市价 首发价
        正常(?:价|卖|要|是|收费)
        平常(?:价|卖) 日常卖 市场价 专柜价? 门市价 吊牌价? 划线价 指导价 官方价 日常价
        平时价?(?:卖|要)?(?![测训成表作用吃喝跑开穿练上班]) 挂牌价?
        (?:划线|原|吊牌)[架嫁假] 正价(?!课) 标价 零售价 [官厂]方?家?指导价?
        厂家建议价? 建议售价 官网价
    """,
    Family.OFF: """
        立减 直减 直降 再减 立省 减免 优惠[券卷]? 小刀
        (?:再|最高|额外|政府|国家|厂家|置换|报废|旧机|以旧换新|残联|医保|社区|街道|单位|人社|平台)(?:的|能|给)?补
        膨胀
        便宜(?!得|的)了? 抵扣 抵用? 让利 让个?$ 再下$ [我们再]贴(?:您|你)?$ 抹掉 抹(?:个|您|你)?$
        抹去 省下?了? (?<![多最至不太很])少收? 补贴 国补 下浮 砍掉? 减(?!速|震|脂|肥|重|压|持|排|薪)掉? 扣减
        (?<![最至])低$ (?:再|还|又)低(?!了|价|于)
        优惠了 折扣 打掉 折价 折抵 减您 减你 少付 少给 免掉 再让 补助 津贴 置换 面值 面额 代金[券卷] 满减 消费券
        (?<!不)免(?:您|你|掉)?$
    """,
    Family.RISE: """
        涨价 上涨 涨了? 加价 提价 多加 再加 另加 上浮 贵出 高出 多收 多付 (?<![太好真更最不点])贵了?(?!过)
        加(?:[个您了]|一[^，。,0-9]{1,3})?$ 补$ 上调 调高
    """,
    Family.FALL: """
        降价了? 降了 下调了? 调低 跌了? (?<![直升])降$
    """,
    Family.DEPOSIT: """
        (?<![一-龥])[小大]定 [定订]金 诚意金 意向金 预订金 预定金 预约金 占位金 锁位金 认购金 订座金 报名金
        [小大]订$ 预付款 预付金 预付 认筹(?:交|金) 留位费 占位费 占座费 先付 先交
    """,
    Family.BALANCE: """
        尾款 余款 剩余款项? 剩余 剩下的? 后期款 二次付款 补齐 二期款 末款
    """,
    Family.BOND: """
        [押压]金 [车房租]押 (?<![一-龥])押$ 保证金 质保金 抵押金 租押
    """,
    Family.DOWN_PAYMENT: """
        [首手守][付富负]款? 首期款? 首付只?要? 头款 头期款?
    """,
    Family.INSTALMENT: """
        一期(?:只|才|就)?(?:要|需)?还 月(?:[供公]|工(?!资|作)|共(?!享)) 每期 (?<!按)月付 月还
        每个?月(?:要|只要|只需|需要?|才)?还款?
        每个?月(?:要|只要)?付款 期供 日供 周供 月均还?
        每天(?:只要)?还 还款额?
    """,
    Family.INTEREST: """
        年化利率 年化 年利率 月利率 日利率 利率 月息 年息 日息 利息 综合息费 贷款利率 资金成本 息
    """,
    Family.YIELD: """
        年化收益率? 收益率? 回报率? 分红 预期收益 业绩(?:比较)?基准 预期年化 历史年化 兑付 理财 存单 七日年化 复利
        [Ii][Rr][Rr] 派息 股息 租金回报 投资回报 保底收益 利润率? 毛利率? 净利率? 业绩基准
    """,
    Family.FEE: _FEES
    + """
        (?<![含包])(?:装卸|搬运|拆旧|吊装)$ 单房差 小费 配送(?!员|到|上) 加急 挂号 茶位 餐位 餐具 开瓶 邮资
        燃油附加 年?维护(?!中|期) 过户 上牌
        抽成 抽佣 扣点 另收 额外收 加收 再收 另付 扣(?:除|掉|收|了)?(?:您|你|我)?$
    """,
    Family.REBATE: """
        [返反]现 好评返 晒图返 晒单返 返利 返佣 返还 返您 返你 返给 (?<!往)返(?!回|工|修|程|校|乡|厂|航|场|潮|现)点?
        分佣 提点 拉新 (?:[单个人]|成交|再|给您)提$ 提成 (?<!返)回(?:给)?(?:您|你|他)?$ 回扣
        (?:给您?|拿|有|返)[^，。,0-9]{0,3}介绍费 好处费
        推荐奖励? 奖励 (?<![等大头中品金银特])奖$
        现金红包 红包 转介绍
    """,
    Family.REFUND: """
        差价 退款 退还 退您 退你 退给您? 退 赔您 赔你 赔偿 赔 补偿 补您 补你 补给您? 给您补 给你补 差额
    """,
    Family.PAYMENT: """
        补差[价额] 转账 转我 转给我 转过来 转到 打款 打我 打到我 打到 打给我 打过来 汇款 汇到 付给我 微信转 支付宝转
        扫[^，。,0-9]{0,4}码[付转] 付我
        扫码转 扫我 转$
        转(?:给|账给|了)?(?:你|您|他|她|司机|师傅|老板|前台|店长|房东|车主|财务|公司|阿姨|中介|技师|客服|老师|同事|对方|他们|你们)了?$
    """,
    Family.GIFT: """
        (?<!现金)价值 (?<![配运派发起护接])送(?!货|到|达|您?去) 赠送? 附赠 搭送
    """,
    Family.LOAN: """
        贷款额? 可贷 能贷 最高贷 贷 借款 借(?!口|助|鉴) 放款 按揭
    """,
    Family.PRICE: r"""
        [^\W0-9A-Za-z降涨加提讲还砍差评身代要这个的保]价格?(?!费|值)[是为:]? 价格?是? [售卖]价 到手价? 实付 实收 合计
        总计 总共 一共 共计 共 全款 总价 落地 裸车 全包 包干 卖 报(?!名|错|案|警|修|考|班|送|销) [只就才]收$ 贵过
        收您?你?
        算您?你?
        只要
        只需要? 仅需 仅要 仅
        做到 最低 底线 给到 开价 要价 售 拍下 [券卷]后 折后 打完折 成交 付款? 花(?!呗) 才 [大优]惠价 减到 降到 涨到
        优惠到
        便宜到
        砍到 加到 恢复(?:到|成|为)? 改(?:成|为) 谈到 拿到 压到 低到 打到 报到(?!处|时|那天) 拿下 到位 实价 净价 清仓
        尝鲜 福利 内购 拼单 单[买卖拍点] 含税 不含税 税后
        起送价? 低消 最低消费 结算 结账 应付 待付 需付 金额 货款 车款 房款 买断 入手 变成 定在 做成 给您?你? 就要? 要
        是 成本 一口价 下来 办理? 学费 房租
        租金 门票 票价 套餐费 年卡 月卡 季卡 次卡 会员 起拍 均 保费 (?<![一-龥])保险 交强险? 商业险 [年季月]缴
        包[年月周天] 车价 还是 早鸟价? 预售 直播间 团购 秒杀 特惠 新客
        首单 体验 花费 费用 开销 [:=] 领[券卷]后? 叠加 拼团 预算 团费 医药费 打包(?!费) 起步价? 续保 团的 拍的 印的
        印着 可是 写着
        标着 挂着 写的 显示
    """,
    # Nouns that end in what is measured: 波长, 单词量, 报错码. A currency after one makes money of it all the same.
    Family.ATTRIBUTE: r"""
        最[大小] 磨合期 保质期 有效期 工期 账期 周期 恢复期 加速 理赔款?
        [^\W0-9A-Za-z限批大起]量 [^\W0-9A-Za-z费利税]率 [^\W0-9A-Za-z算少多整零]数 [^\W0-9A-Za-z年季月力程再态额难幅]度
        [A-Za-z]码 (?:[^\W0-9A-Za-z起扫付款大小均加二个这那此的]|[SMLX])码
        [^\W0-9A-Za-z型大中小账挂年日零一二三四五六七八九十]号 [^\W0-9A-Za-z]龄 [波时身边周臂衣裤袖]长
        [^\W0-9A-Za-z]耗 [净毛体克车自载]重 [峰均阈数产市估]值 [外内孔直口半管轴间车焦射行][径距] [腰胸臀领袖颈头]围
        套内
        套外 左眼 右眼 散光 近视 使用面积 [转网车流风时增]速 [水室油气体低高恒]温 [面体容]积
        [^店校家班部院处局队行市村镇县科董会团组成增加延]长(?!隆|白|江|沙|城|安) [主频]频 [血气胎水电]压 [平总学]分
    """,
    Family.NOT_OURS: r"""
        起[投存购订批印] 门槛 (?:零钱通?|银行卡|卡)里(?:还|只|就)?有? [昨前]天还有
        (?:身故|重疾|意外|全残|轻症|住院)[^，。,0-9]{0,2}赔付? 余额 (?:账户|卡)(?:里|上|余额)?(?:还|只)?有 额度
        授信 (?<![担环医社车])保$ 保额
        保障(?!一年|每年) 最高赔付?
        赔付 保单(?![上里写])
        工资 底薪 月薪 年薪 薪资
        收入 年入 月入 流水 营业额 销售额 充值 充话费 话费 充了? 积分 成长值 注册资本 市值 罚款 提现 身高 体重 血压
        血糖
        心率 年龄 今年 楼龄 成绩 轴距 车长 净重 毛重 内存(?!条) 存储 排名 排第 面积 建面 容量 续航 功率 库存 销量
        销售 播放量?
        阅读量? 粉丝 人数 里程 跑了 气温 编号 邮编 房号 密码 尾号 号码 电话(?![里中上]) 手机号 验证码 单号 身份证
        货号 尺码
        鞋码 腰围 胸围 距离 门牌 楼层 海拔 转速 像素 分辨率 浏览量? 点赞 评论 好评率 合格率 通过率 升学率 录取率
        就业率
        增长 增加了? 提升 降低了? 涉水 间隙 (?<!往)下降 提高 上涨了?(?=[0-9.]+%) 含量 浓度 纯度 湿度 满意度
        占(?!床|位) 完成 电量 还剩
        剩(?!下|余) 签到 步数 消耗 热量 (?<!小)规模 成立 创办 创立 服务过 累计
        超过?(?=[0-9一二三四五六七八九十百千万]+(?:家|人|名|位|万)) 月销 已售 卖出 卖了 售出 销出 信用分 芝麻分 分数
        考了 得了 贷了 现金价值 编码 暗号 口令 压测 限流 并发 噪音 体脂 血脂 心跳 配速 报错 故障 警告 状态 投诉 拨打
        会议(?:号|[Ii][Dd]) [教课办卧]室 回头客 客户超 错误码 代码 端口
    """,
}
RIGHT_CUES: dict[Family, str] = {
    Family.DEPOSIT: """
        定金 订金 诚意金 意向金 预付款
    """,
    Family.BALANCE: """
        尾款 余款
    """,
    Family.BOND: """
        押金 保证金
    """,
    Family.DOWN_PAYMENT: """
        首付
    """,
    Family.INSTALMENT: """
        月供
    """,
    Family.FEE: _FEES
    + """
        的?(?:加[床急班时油])费
        的?[^\\W0-9A-Za-z含包免另加不没除有收是和送要去交的]{1,2}[^\\W0-9A-Za-z免消学团保会花浪自公话充缴收付续退月年日药员全教]费(?!用)
    """,
    Family.OFF: """
        的?(?:无门槛|满减|新人|店铺|商品|购物|现金)?(?:优惠券|代金券|抵用券|消费券|现金券|购物券|券|抵扣|补贴|优惠(?!价)|减免|立减|折扣)
    """,
    Family.REBATE: """
        返现 红包 返利 提成 佣金返 奖励 好处费 回扣
    """,
    Family.PAYMENT: """
        (?:转|打|付|汇|划)(?:到|给|过来|进|入) (?:过来|到我|到公司账)
    """,
    Family.REFUND: """
        差价 差额 退款 补偿 赔偿
        [^，。,!?;0-9]{0,8}?(?:原路)?(?:(?:马上|立刻|立马|当场|全额|全部|这就|都)退|退(?:您|你|回|还|给|到|支付宝|微信|卡)|原路退|打回|返还)
    """,
    Family.INTEREST: """
        利息 利率 年化(?!收益) 年利率 月息
    """,
    Family.YIELD: """
        收益 回报 年化收益 分红
    """,
    Family.LOAN: """
        贷款 额度贷
    """,
    Family.NOT_OURS: """
        起[投存购充] 话费 余额 额度 积分 流量 工资 月薪 年薪 [是的]?保额 的?粉丝 年化增长 增长 的?好评 现货率
        通过率 库存
        播放 含量 强企业
        强(?![制力烈]) 多?人在 [+多]?(?:家|个)?(?:用户|客户|学员|门店|粉丝|点赞)
    """,
}
_GAP = {
    Family.ATTRIBUTE: 3,
    Family.NOT_OURS: 5,
    Family.PRICE: 7,
    Family.OFF: 3,
    Family.RISE: 4,
    Family.GIFT: 6,
    Family.REBATE: 6,
    Family.REFUND: 5,
}


_WEAK = """
    是 要 就 就要 才 只要 只需 只需要 仅需 仅 给 给您 给你 收 收您 最低 付 共 一共 总共 到手 : = 均 花 做到 报 会员
    算 还是 办 办理 打包 领券 叠加 体验 团的 拍的 写着 标着 挂着 印的 印着 写的 显示 续保 付款 费用 下来 价格 价
"""
_WEAK_WORDS = frozenset(_WEAK.split())


# 楼层费 is a fee though 楼层 is no price, and a 血压计 is sold.
_UNLESS = dict.fromkeys((Family.ATTRIBUTE, Family.NOT_OURS), "(?![费价计仪器秤课班险卡票机膏贴锁检])")


def _by_family(cues: dict[Family, str]) -> str:
    return "|".join(f"(?P<{family}>{one_of(table)}{_UNLESS.get(family, '')})" for family, table in cues.items())


_LEFT = re.compile(_by_family(LEFT_CUES))
_RIGHT = re.compile(rf"(?:块?钱?的|\s)?(?:{_by_family(RIGHT_CUES)})")
_OWN_NUMBER = re.compile(
    r"(?:是|为|只|另|:|\s|再|先|每月|最低|了)?(?:要|需|收|付|交|给)?\s?[0-9零一二两三四五六七八九十百千万¥几]"
)
_FREE = re.compile("(?:也|都|全|我们|给您|就)?(?:包|免|不收|不要|不用|另算|自理|全包|在里|算在|不另)")
_ENDS_PRICE = re.compile(r"(?:价|[之以]?后|所以|现在|到|至|活动|套餐|下来|力度|完|一?点儿?|一?些|的)")


@dataclass(frozen=True, slots=True)
class Cue:
    """The cue that decides: its family and word, and whether it stands after the amount."""

    family: Family
    word: str
    after: bool = False

    @property
    def is_weak(self) -> bool:
        """A word that introduces any number makes no price of it, nor takes it from the cue before: 定金只要500."""
        return self.family is Family.PRICE and self.word in _WEAK_WORDS

    def outweighs(self, right: Cue) -> bool:
        """押金两千六网费不用管: the fee after a deposit is told of something else."""
        if right.family is Family.OFF:
            return self.family is Family.GIFT
        if right.family is Family.REFUND:
            return self.family in {Family.DEPOSIT, Family.BOND}
        return right.family is Family.FEE and self.family in {*_ROLES, Family.REFUND, Family.OFF}


_ROLES = frozenset({Family.DEPOSIT, Family.BALANCE, Family.BOND, Family.DOWN_PAYMENT, Family.LOAN})


def left_cue(text: str, start: int, end: int, *, of_share: bool = False) -> Cue | None:
    """The last cue in `text[start:end]`, near enough to the amount that begins at `end`."""
    found: Cue | None = None
    found_end = start
    for match in _LEFT.finditer(text, start, end):
        family = Family(match.lastgroup or "")
        if of_share and (family is Family.PRICE or match[0] in {"放款", "贷款额"}):
            continue
        if end - match.end() > _GAP.get(family, 8):
            continue
        word = match[0]
        if family in {Family.OFF, Family.RISE, Family.FALL} and (ends := _ENDS_PRICE.match(text, match.end(), end)):
            family, word = Family.PRICE, word + ends[0]
        cue = Cue(family, word)
        if found is not None and found.family is Family.FEE and family is Family.RISE and match.start() - found_end < 3:
            continue
        found_end = match.end()
        if found is None or found.family is Family.PRICE or not cue.is_weak:
            found = cue
    return found


def right_cue(text: str, start: int, end: int) -> Cue | None:
    """The cue that directly follows an amount (500定金), unless it has a number of its own (3999首付1000)."""
    match = _RIGHT.match(text, end)
    if (
        match is None
        or text.endswith("含", 0, start)
        or _OWN_NUMBER.match(text, match.end())
        or _FREE.match(text, match.end())
    ):
        return None
    return Cue(Family(match.lastgroup or ""), match[0].lstrip("块钱的 "), after=True)


def classify(amount: Amount, cue: Cue | None) -> tuple[Kind, Decimal | None, Decimal | None] | None:
    """Kind, value and upper value of an amount with its `cue`; None when it is no quote."""
    family, word = (cue.family, cue.word) if cue is not None else (None, "")
    match amount.measure:
        case Measure.FOLD:
            return _ratio(Kind.DISCOUNT_RATIO, amount, fold_share)
        case Measure.TENTH:
            kind = _PERCENT_KINDS.get(family) if family in _TENTHS else None
            return None if kind is None else _ratio(kind, amount, lambda v: v / 10)
        case Measure.RATE:
            per = 1000 if family is Family.INTEREST or word.endswith("贷") else 0
            return _ratio(Kind.INTEREST_RATE, amount, lambda v: v / per) if per else None
        case Measure.PERCENT | Measure.BARE if amount.measure is Measure.PERCENT or _is_rate(amount, family):
            return _percent(amount, family, word)
        case _:
            kind = _MONEY_KINDS.get(family) if family is not None else Kind.PRICE
            if kind is None:
                return None
            sign = -1 if family is Family.FALL else 1
            return kind, None if amount.value is None else sign * amount.value, amount.value_max


_MONEY_KINDS = {
    Family.REFERENCE: Kind.REF_PRICE,
    Family.OFF: Kind.AMOUNT_OFF,
    Family.RISE: Kind.PRICE_CHANGE,
    Family.FALL: Kind.PRICE_CHANGE,
    Family.DEPOSIT: Kind.DEPOSIT,
    Family.BALANCE: Kind.BALANCE,
    Family.BOND: Kind.BOND,
    Family.DOWN_PAYMENT: Kind.DOWN_PAYMENT,
    Family.INSTALMENT: Kind.INSTALMENT,
    Family.INTEREST: Kind.FEE,
    Family.FEE: Kind.FEE,
    Family.REBATE: Kind.REBATE,
    Family.REFUND: Kind.REFUND,
    Family.PAYMENT: Kind.PAYMENT,
    Family.GIFT: Kind.GIFT,
    Family.LOAN: Kind.LOAN,
    Family.PRICE: Kind.PRICE,
}
_TENTHS = frozenset({Family.DOWN_PAYMENT, Family.DEPOSIT, Family.FEE, Family.REBATE})
_RATES = frozenset({Family.INTEREST, Family.YIELD})


def _is_rate(amount: Amount, family: Family | None) -> bool:
    """年化3.45: a rate without its %."""
    return family in _RATES and amount.value is not None and 0 < amount.value < 25


_PERCENT_KINDS = {
    Family.DOWN_PAYMENT: Kind.DOWN_PAYMENT_RATIO,
    Family.DEPOSIT: Kind.DOWN_PAYMENT_RATIO,
    Family.INTEREST: Kind.INTEREST_RATE,
    Family.YIELD: Kind.YIELD_RATE,
    Family.FEE: Kind.FEE_RATIO,
    Family.REBATE: Kind.REBATE_RATIO,
}


def share_like(amount: Amount, kind: Kind | None) -> tuple[Kind, Decimal | None, Decimal | None] | None:
    """A per cent amount as a share of `kind`; None when there is no kind."""
    return None if kind is None or kind is Kind.DISCOUNT_RATIO else _ratio(kind, amount, lambda v: v / 100)


def in_context(kind: Kind, cue: Cue | None, text: str, start: int, per: str | None) -> Kind:
    """年化 of a product that is bought is a yield; what is paid by the month after a first payment is an instalment."""
    if kind is Kind.PRICE and cue is None and _TO_ME.search(text, 0, start):
        return Kind.PAYMENT
    if kind is Kind.BALANCE and per in {"月", "期"}:
        return Kind.INSTALMENT
    if kind is Kind.UNIT_PRICE and per in {"月", "期"} and _IN_PARTS.search(text, 0, start):
        return Kind.INSTALMENT
    if (
        kind is Kind.INTEREST_RATE
        and cue is not None
        and (cue.word.startswith("年化") or _GROWING.search(text))
        and _INVESTED.search(text)
    ):
        return Kind.INTEREST_RATE if _BORROWED.search(text) else Kind.YIELD_RATE
    return kind


_TO_ME = re.compile("[打转汇存][到进给]?(?:我|财务|这个|这张)[^，。,]{0,5}[，,]$")
_IN_PARTS = re.compile("分期|首付|按揭|免息|[车房商]贷|贷款|年息|分[0-9一二三四五六七八九十]+[期年]")
_INVESTED = re.compile(
    r"理财|基金|封闭式|开放式|不保证|浮动|持有|申购|净值|固收|兑付|存款|存单|大额|年金|教育金|养老金|增额|保本"
    r"|R[1-5]|历史|收益|分红|业绩"
)
_GROWING = re.compile("年金|增额|预定利率|结算利率|演示利率|存单|存款")
_BORROWED = re.compile("贷|借|还款|本息|分期|月供")


def _percent(amount: Amount, family: Family | None, word: str) -> tuple[Kind, Decimal | None, Decimal | None] | None:
    if family is Family.OFF or (family is Family.FALL and "价" in word):
        return _ratio(Kind.DISCOUNT_RATIO, amount, lambda v: 1 - v / 100)
    if family is Family.RISE and "加" in word and "价" not in word:
        return _ratio(Kind.FEE_RATIO, amount, lambda v: v / 100)
    kind = _PERCENT_KINDS.get(family) if family is not None else None
    return None if kind is None else _ratio(kind, amount, lambda v: v / 100)


def _ratio(
    kind: Kind, amount: Amount, share: Callable[[Decimal], Decimal | None]
) -> tuple[Kind, Decimal | None, Decimal | None] | None:
    if amount.value is None:
        return None
    ends = [share(value) for value in (amount.value, amount.value_max) if value is not None]
    if None in ends:
        return None
    shares = sorted(value for value in ends if value is not None)
    return kind, shares[0].normalize(), shares[1].normalize() if len(shares) > 1 else None
