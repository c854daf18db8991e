"""A seller writes on to advertise after the customer has asked not to be written to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from scrm.core.claims import COMMITMENTS, Kind
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.noticing import asks, refusal, refuses

_ADVERTISES = re.compile(
    r"活动|优惠|促销|特价|特惠|折扣|[0-9一二三四五六七八九]折|秒杀|限时|福利|名额|新品|上新|新款|新到|到货|抢购|报名|直播|免费|了解一下|了解下|考虑一下|考虑得"
    r"|考虑下|新班|开课|开班|开盘|加推|团购|红包|满减|立减|到店|体验|赠|送您|送你|到手价|大促|清仓|周年庆|会员日|推荐|感兴趣|需要的话|机会难得|错过|划算"
    r"|最后[一两三0-9]|倒计时|办卡|充值|续费|价格|新盘|新车|新课|双十一|双11|618|开业|欢迎"
)
_SERVES = re.compile(
    r"您的(?:订单|快递|包裹|预约|合同|发票|保单|账单|退款|维修|工单|押金|尾款)|已(?:经)?(?:发货|签收|退款|取消|移除|删除|登记|处理)|物流|退订成功|取件"
)
_YIELDS = re.compile(
    r"不(?:再|会再|会)?(?:给您|给你)?(?:打扰|发|联系|推送)|打扰(?:您|你)?了|抱歉|对不起|不好意思|已(?:为您)?(?:退订|取消|屏蔽)"
)
_PRICED = frozenset(Kind) - {Kind.REFUND, Kind.BALANCE, Kind.PAYMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingAfterRefusal:
    """S2; S3 for a broadcast. Ground: Consumer Law 29 ¶3, PIPL 24 ¶2. Answering what the customer asks later, within
    `answers_within`, is fine.
    """

    ground: ClassVar[str] = "consumer-law-29"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "marketing-after-refusal"
    effective_from: date = date(2014, 3, 15)
    binds_for: timedelta = timedelta(days=180)
    answers_within: timedelta = timedelta(days=1)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for words that advertise though the customer declined; the latest refusal is the evidence."""
        if not said.by_seller or said.kind == "contact" or not advertises(said):
            return
        for earlier in reversed(history.before(said)):
            if said.at - earlier.at > self.binds_for:
                return
            if earlier.by_seller:
                continue
            if refuses(earlier):
                yield self._finding(said, earlier)
                return
            if said.at - earlier.at <= self.answers_within and asks(earlier):
                return

    def _finding(self, said: Statement, refused: Statement) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.S3 if said.speaker == "broadcast" else Severity.S2,
            entry_id=said.entry_id,
            against=refused.entry_id,
            facts={
                "earlier_at": refused.at.isoformat(),
                "earlier_channel": refused.channel,
                "earlier_speaker": refused.speaker.value,
                "earlier_actor": refused.actor,
                "words": refusal(refused.text),
            },
        )


def advertises(said: Statement) -> bool:
    """Whether a seller's words offer something; notices about an order and apologies do not."""
    offered = any(c.quote.stance in COMMITMENTS and c.quote.kind in _PRICED for c in said.claims)
    if _SERVES.search(said.text) or (_YIELDS.search(said.text) and not offered):
        return False
    return offered or _ADVERTISES.search(said.text) is not None
