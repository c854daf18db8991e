"""Made-up sales talk: raw events of a customer service channel and of a contact channel, in the providers' formats.

One message in seven names a price, most of them the one in the price book. One event in ten is a contact's.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from scrm.connector import RawEvent

CORP = "wwbench0000000001"
KF, APP = "kf", "sales"
TOKEN, AES_KEY = "benchToken", "BenchKeyBenchKeyBenchKeyBenchKeyBenchKeyBen"
CHANNELS: dict[str, JsonValue] = {
    KF: {
        "kind": "wecom_kf",
        "corp_id": CORP,
        "callback_token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "secret": "bench",
        "open_kfids": ["wkBench"],
        "api_url": "http://127.0.0.1:9",
    },
    APP: {
        "kind": "wecom_app",
        "corp_id": CORP,
        "callback_token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "secret": "bench",
        "api_url": "http://127.0.0.1:9",
    },
}
PRODUCTS = (("年卡", 2980), ("季卡", 980), ("私教课", 6800), ("游泳班", 1680), ("亲子营", 3580))
PRICE_BOOK = "\n".join(
    f'[[product]]\nsku = "P{number}"\nname = "{name}"\nlist_price = {price}\n'
    f"[product.floors]\nrep = {price * 9 // 10}\n"
    for number, (name, price) in enumerate(PRODUCTS)
)
_CUSTOMER = (
    "你好，{p}还有名额吗",
    "请问你们店在哪里，地铁能到吗",
    "我周末才有空，工作日要上班",
    "可以先体验一下吗",
    "我考虑考虑再说吧",
    "老师怎么样，有资质吗",
    "好的谢谢",
    "孩子五岁能上吗",
    "如果不满意可以退吗",
    "跟我老公商量一下",
    "隔壁那家好像便宜一点",
    "能开发票吗，公司要报销",
    "{p}和{q}有什么区别啊",
    "停车方便吗",
    "我朋友推荐我来的，她去年在你们这办的",
    "嗯嗯",
    "最近有活动吗",
    "太远了，有没有别的校区",
    "就是担心坚持不下来",
    "怎么预约啊，微信上可以约吗",
)
_REP = (
    "您好，很高兴为您服务，请问想了解哪方面呢",
    "我们在人民广场地铁站三号口出来走五分钟就到了",
    "可以的，您看周六上午还是下午方便，我帮您预约一节体验课",
    "我们的老师都有五年以上经验，证书在前台可以看到",
    "没问题的，您先考虑，有任何问题随时联系我",
    "{p}包含全部器械区和团课，{q}只能在固定时段用",
    "开班七天内不满意可以申请退款，合同里都写清楚的",
    "可以开电子发票，提供抬头和税号就行",
    "好的，给您登记好了，到店报手机号就可以",
    "亲，您这边还有什么顾虑可以跟我说说吗",
    "停车两小时内免费，从北门进",
    "这周报名还送一个运动水壶",
    "稍等我帮您查一下",
    "好的",
)
_CUSTOMER_PRICE = (
    "{p}多少钱",
    "{x}有点贵了，能便宜点吗",
    "你之前不是说{p}{x}吗",
    "{x}块包含什么",
    "我预算就{x}左右",
)
_REP_PRICE = (
    "{p}现在是{x}元",
    "{p}原价{x}，两个人一起报可以再商量",
    "给您算{x}元，含教材",
    "{p}{x}，这个月都是这个价",
    "可以分期的，{p}一共{x}元",
    "{x}已经是最低价了",
)
_BEFORE = ("", "", "", "", "那个，", "{n}老师，", "我是{n}，", "亲，", "哦哦，", "不好意思刚看到，", "您好，")
_AFTER = (
    "",
    "",
    "",
    "",
    "，{d}号之前",
    "，{t}点左右吧",
    "，我住{s}路那边",
    "，{n}也想来",
    "，麻烦您了",
    "[微笑]",
    "，孩子叫{n}",
)
_SYLLABLES = "安博达风格海佳凯朗美诺普瑞尚泰唯欣雅智云川岭湖晓雨林文静志强"
_CONTACT_CHANGES = ("add_external_contact", "edit_external_contact", "del_follow_user", "add_half_external_contact")


@dataclass(frozen=True, slots=True)
class Said:
    channel: str
    raw: RawEvent


def events(count: int, *, customers: int = 400, seed: int = 2) -> Iterator[Said]:
    """Raw events, each different, in the order they happen."""
    dice = random.Random(seed)
    start = datetime.now(UTC) - timedelta(seconds=count)
    for number in range(count):
        at = int((start + timedelta(seconds=number)).timestamp())
        # A few customers talk much, many little.
        customer = f"wmBench{seed:02}{min(dice.randrange(customers), dice.randrange(customers)):07}"
        if number % 10 == 9:
            yield Said(APP, contact_event(number, customer, at, dice))
        else:
            yield Said(KF, _message(number, customer, at, dice))


def contact_event(number: int, customer: str, at: int, dice: random.Random) -> RawEvent:
    """A contact change as the callback tells it."""
    plain = contact_xml(number, customer, at, dice.choice(_CONTACT_CHANGES))
    return RawEvent(dedup_key=hashlib.sha256(plain.encode()).hexdigest(), thread=customer, payload=plain)


def contact_xml(number: int, customer: str, at: int, change: str) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[{change}]]></ChangeType>"
        f"<UserID><![CDATA[rep{number % 20}]]></UserID><ExternalUserID><![CDATA[{customer}]]></ExternalUserID>"
        f"<State><![CDATA[s{number}]]></State></xml>"
    )


def _message(number: int, customer: str, at: int, dice: random.Random) -> RawEvent:
    rep = dice.random() < 0.5
    item = {
        "msgid": f"bench{number:09}",
        "open_kfid": "wkBench",
        "external_userid": customer,
        "send_time": at,
        "origin": 5 if rep else 3,
        "servicer_userid": f"rep{number % 20}" if rep else "",
        "msgtype": "text",
        "text": {"content": _words(rep=rep, dice=dice)},
    }
    return RawEvent(
        dedup_key=f"wkBench:bench{number:09}",
        thread=f"wkBench:{customer}",
        payload=json.dumps(item, ensure_ascii=False, separators=(",", ":")),
    )


def _words(*, rep: bool, dice: random.Random) -> str:
    (product, price), (other, _) = dice.sample(PRODUCTS, 2)
    priced = dice.random() < 0.15
    choices = (_REP_PRICE if priced else _REP) if rep else (_CUSTOMER_PRICE if priced else _CUSTOMER)
    named = price if dice.random() < 0.97 else price + dice.choice((-600, -200, 200))
    # Few messages are said twice in the same words.
    said = dice.choice(_BEFORE) + dice.choice(choices) + dice.choice(_AFTER)
    name, street = ("".join(dice.sample(_SYLLABLES, 2)) for _ in range(2))
    return said.format(p=product, q=other, x=named, n=name, s=street, d=dice.randint(1, 31), t=dice.randint(1, 12))
