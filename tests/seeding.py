"""A queue to work on: conversations of a school from which twenty cases come up, told through the real intake.

Used by tests of the cases and of their pages. Nothing is inserted: what is in the queue is what the rules found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from scrm.services.prices import load_price_book
from tests.services.conftest import School

REPS = ("LinXiaoYu", "ChenHao", "ZhaoMin")


@dataclass(frozen=True)
class Line:
    """Something said. `by` is a member's id, empty for the customer; `on` is chat or service."""

    by: str
    text: str
    on: str = "service"
    after_minutes: int = 20


@dataclass(frozen=True)
class Talk:
    """A conversation with one customer, and the rule that objects to it."""

    customer: str
    rule: str
    lines: tuple[Line, ...]


def _contradiction(customer: str, low: str, high: str, *more: Line, rep: str = "ChenHao") -> Talk:
    return Talk(customer, "price-higher-later", (Line("kf01", low, "chat"), Line(rep, high, after_minutes=60), *more))


TALKS: tuple[Talk, ...] = (
    _contradiction("王女士", "年课活动价4980元,到月底", "年课5980元,今天可以报名"),
    _contradiction("李先生", "年课4980元", "年课现在5980元", Line("", "刚才客服明明说4980,怎么又变5980了?")),
    _contradiction("赵女士", "短期班1080元", "短期班1280元", rep="LinXiaoYu"),
    _contradiction("孙先生", "年课4900元可以报", "年课要5600元", rep="ZhaoMin"),
    _contradiction("周女士", "短期班1180元,下周开课", "短期班1280元", Line("", "我要投诉,之前说的1180"), rep="ZhaoMin"),
    _contradiction("吴先生", "全年课4980元", "全年课5380元", rep="LinXiaoYu"),
    _contradiction("郑女士", "年度课程4980元", "年度课程5980元", Line("", "已付款5980,截图发你了")),
    Talk("冯先生", "price-above-list", (Line("ChenHao", "年课6580元,含教材"),)),
    Talk("陈女士", "price-above-list", (Line("ZhaoMin", "短期班1580元"),)),
    Talk("褚先生", "price-below-floor", (Line("ChenHao", "给您争取到年课4500元"),)),
    Talk("卫女士", "price-below-floor", (Line("LinXiaoYu", "年课内部价4300元"),)),
    Talk("蒋先生", "price-arithmetic", (Line("ZhaoMin", "年课原价5980,打9折是4999元"),)),
    Talk("沈女士", "price-reported", (Line("", "你们销售之前跟我说年课3999"),)),
    Talk("韩先生", "price-reported", (Line("", "店长答应给我短期班880元的"),)),
    Talk("杨女士", "price-false-expiry", (Line("ChenHao", "年课的活动已经结束了,恢复原价"),)),
    Talk("朱先生", "price-denied", (Line("kf01", "年课4980元", "chat"), Line("ChenHao", "我们没说过年课4980元"))),
    Talk("尤女士", "price-expired-promotion", (Line("LinXiaoYu", "口语课暑期特惠3280元,可以报"),)),
    Talk("许女士", "price-condition-missing", (Line("ZhaoMin", "口语课3380元就能报"),)),
    Talk("金先生", "price-above-list", (Line("LinXiaoYu", "口语课4280元"),)),
    _contradiction("魏女士", "口语课3880元", "口语课3980元", rep="ZhaoMin"),
    Talk("陶先生", "price-below-floor", (Line("ChenHao", "口语课给您2680元"),)),
    Talk("秦女士", "promise-education", (Line("LinXiaoYu", "放心,报了我们班保证提20分,考不过全额退款"),)),
    Talk("许先生", "promise-education", (Line("ZhaoMin", "我们是包过班,一次通过"),)),
    Talk("何女士", "private-payment", (Line("ChenHao", "学费直接转我个人微信就行,不走公司账户"),)),
    Talk("吕先生", "absolute-claim", (Line("LinXiaoYu", "我们是全市第一的英语学校,全网最低价"),)),
    Talk("施女士", "private-channel", (Line("ZhaoMin", "平台上不方便说,加我私人微信 zhaomin88"),)),
    Talk("张先生", "kickback", (Line("ChenHao", "这单成了给您个人返10%的回扣,不走账"),)),
    Talk("孔女士", "", (Line("", "周末有课吗?"), Line("LinXiaoYu", "周六上午有,您可以来试听"))),
)


async def seed_queue(
    school: School, talks: tuple[Talk, ...] = TALKS, *, apart: timedelta = timedelta(minutes=3)
) -> None:
    """Let all of this be said, conversation after conversation, in a school that also teaches speaking."""
    with TemporaryDirectory() as folder:
        prices = Path(folder) / "prices.toml"
        prices.write_text(speaking_course(school.clock()), encoding="utf-8")
        await load_price_book(school.hub, prices, by="test")
    channels = {"chat": school.chat, "service": school.service}
    for number, talk in enumerate(talks):
        for line in talk.lines:
            school.clock.advance(minutes=line.after_minutes if line is not talk.lines[0] else 0)
            channel = channels[line.on]
            await school.says(
                channel,
                line.text,
                customer=f"{line.on}-{number}",
                name=talk.customer,
                evidence=[["phone", f"+861380000{number:04}", "留下的手机号"]],
                direction="outbound" if line.by else "inbound",
                speaker=("agent" if line.on == "chat" else "rep") if line.by else "customer",
                actor=line.by,
            )
        school.clock.advance(seconds=apart.total_seconds())


def speaking_course(now: datetime) -> str:
    """A product with a promotion that is over, and one that has a condition."""
    day = {name: (now + timedelta(days=days)).date().isoformat() for name, days in (("a", -60), ("b", -5), ("c", 30))}
    return f"""
[[product]]
sku = "SPEAK"
name = "口语课"
list_price = 3980
[[product.promotion]]
name = "暑期特惠"
price = 3280
from = {day["a"]}
to = {day["b"]}
[[product.promotion]]
name = "会员专享"
price = 3380
condition = "会员"
from = {day["a"]}
to = {day["c"]}
[product.floors]
rep = 3000
"""
