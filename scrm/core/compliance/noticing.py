"""Has the customer noticed? Reports of another price, complaints and payments make a contradiction urgent."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from scrm.core.claims import Stance
from scrm.core.timeline import SELLERS, Speaker

if TYPE_CHECKING:
    from scrm.core.compliance.model import Statement

_COMPLAINS = re.compile(
    r"到底(?:哪|多少|是|谁)|哪个(?:是真|才是|准|对)|不一样|不一致|对不上|怎么(?:又|会)?(?:变|涨|贵|多)"
    r"|(?:又|突然|临时)(?:涨|变|加)"
    r"|骗|忽悠|投诉|举报|12315|说话不算|出尔反尔|言而无信|反悔|坐地起价|耍我|坑人"
    r"|不是[^，。,!?]{0,6}(?:说|讲|报|答应|承诺|谈好)(?:好|的|过)?|明明(?:说|写|是|讲|报)"
    r"|(?:睡一觉|转头|转眼|一天|一夜|隔天|才[一两]天|没几天|扭头|回头)[^，。,]{0,4}(?:涨|贵|多)|[涨贵]了?[0-9零一二两三四五六七八九十百千万]+[元块]?(?:了|呢|啊)?[?？]|逗我|玩我|耍人|(?:就|又|都|还)[涨贵](?:了)?[0-9零一二两三四五六七八九十百千万]"
    r"|之前(?:说|报|给我|跟我)|刚才(?:说|报)|昨天(?:说|报|跟我|给我)|差(?:了)?这么多"
)
_PAYS = re.compile(
    r"(?:已经?|刚刚?)(?:付|转|拍|下单|交)(?!费)|(?:付|转|交|拍)(?:好|完|过去|下|款)?了|下单了"
    r"|(?:钱|款)(?:打|付|转)(?:过去|给你|了)|(?:打|汇|转|付)款?(?:过去|给你们?|给您|好)了|打款了|汇款了"
)


_REFUSES = re.compile(
    r"(?:别|不要|不用|勿|莫|不想|甭|请勿|不准|禁止|不许|少)(?:让你们)?(?:总|老|一直|天天|再|老是|整天)*"
    r"(?:给我|跟我|向我|对我|往我这)?(?:再|天天|老)*"
    r"(?:发(?:了|我|来|啦|消息|信息|广告|短信|这些|这种|这类|给我|微信|朋友圈|群发|推销|优惠|活动|东西|$|[，。!！,~])"
    r"|推送|推销|打(?:电话|了|来|给我|扰)|联系(?:了|我)|骚扰|烦我|群发|找我|来电|推荐(?:了|给我))"
    r"|退订|取消订阅|拉黑|免打扰|勿扰|别烦|不接受(?:推销|营销|广告|推送)"
    r"|(?:再|还)(?:发|打|推|骚扰)[^，。,]{0,8}(?:就?(?:拉黑|投诉|举报|删|屏蔽|报警))"
    r"|把我(?:从[^，。,]{0,8})?(?:删|移出|拉出|踢出|屏蔽)|(?:删|移除|取消)[^，。,]{0,4}我的?(?:联系方式|号码|电话|信息)"
    r"|(?:很|太|真|好)(?:烦人|烦了|打扰)|骚扰(?:信息|短信|电话|我)|^ ?(?:TD|td|T|Td)\b"
)
_NOT_REFUSED = re.compile(
    r"(?:别|不要|不用)[^，。,]{0,3}发(?:货|票|错|快递|顺丰)|别发错|退订(?:费|政策|规则|的话|怎么|可以|能|要|吗|多少)|(?:可以|能|怎么)退订"
)
_ASKS = re.compile(
    r"[?？]|吗|多少|怎么|如何|有没有|有啥|有什么|什么|几[点号个天折楼块]|哪|能不能|可不可以|可以不|行不行|是不是|呢$|还有[^，。,]*(?:名额|活动|优惠|货|位)|想(?:问|了解|咨询|看看|报名|买|要|知道|试|订)|咨询|请问|问一下|问下|发(?:我|给我|一下|来看)(?:看|一份|个|资料|价格|链接)?|介绍一下|给我(?:发|介绍|推荐|报|算)|要(?:买|订|报名|一[个台份套])|帮我(?:看|查|算|留|订|报)|我(?:要|想要|买|订|报名)|价格|报个价|报价"
)
_ASKS_PRICE = re.compile(r"多少钱|什么价|价格|报价|报个价|怎么卖|怎么收费|啥价|几钱|多钱|费用|多少[?？]|优惠")
_NUMBERS = re.compile(r"(?<!\d)1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)|\d{15,19}|幺[零一二三四五六七八九幺]{10}|号楼|单元|栋")


class Cue(StrEnum):
    """Why words without a claim are kept for later checks."""

    COMPLAINS = "complains"
    PAYS = "pays"
    REFUSES = "refuses"
    ASKS_PRICE = "asks_price"
    GIVES_NUMBER = "gives_number"
    TERMS = "terms"
    ASKS = "asks"


def cues(said: Statement) -> frozenset[Cue]:
    """What in `said`, claim or none, bears on findings about other statements."""
    if said.by_seller:
        return frozenset({Cue.TERMS}) if _TERMS.search(said.text) else frozenset()
    if said.speaker is not Speaker.CUSTOMER or _BEARS.search(said.text) is None:
        return frozenset()
    tests = (
        (Cue.COMPLAINS, complains),
        (Cue.PAYS, pays),
        (Cue.REFUSES, refuses),
        (Cue.ASKS_PRICE, lambda one: _ASKS_PRICE.search(one.text) is not None),
        (Cue.GIVES_NUMBER, lambda one: _NUMBERS.search(one.text) is not None),
    )
    return frozenset(cue for cue, shows in tests if shows(said))


def arouses(said: Statement) -> bool:
    """Whether these words of a customer can make an earlier finding more severe."""
    return reports(said) or complains(said) or pays(said)


def refuses(said: Statement) -> bool:
    """The customer asks not to be written to or called any more."""
    return said.speaker not in SELLERS and refusal(said.text) != ""


def refusal(text: str) -> str:
    """The words that ask to be left alone; empty when there are none."""
    match = _REFUSES.search(text)
    return "" if match is None or _NOT_REFUSED.search(text) else match[0].strip("，。,!！~ ")


def asks(said: Statement) -> bool:
    """The customer asks for something or shows interest."""
    return said.speaker not in SELLERS and not refuses(said) and _ASKS.search(said.text) is not None


def reports(said: Statement) -> bool:
    """The customer cites a price the company named."""
    return said.speaker not in SELLERS and any(claim.quote.stance == Stance.REPORTED for claim in said.claims)


def complains(said: Statement) -> bool:
    """The customer says that two statements do not agree."""
    return said.speaker not in SELLERS and _COMPLAINS.search(said.text) is not None


def pays(said: Statement) -> bool:
    """The customer has paid or ordered."""
    return said.paid or (said.speaker not in SELLERS and _PAYS.search(said.text) is not None)


_TERMS = re.compile(
    r"[定订]金|会员|学员|新人|新客|老客户|首单|团购|拼团|到店|以旧换新|自提|结束|恢复|[看打说报记写算弄搞发输]错|口误|手误|更正"
)
_BEARS = re.compile("|".join(found.pattern for found in (_COMPLAINS, _PAYS, _REFUSES, _ASKS_PRICE, _NUMBERS)))
