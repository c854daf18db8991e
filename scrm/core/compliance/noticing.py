"""Has the customer noticed? Reports of another price, complaints and payments make a contradiction urgent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrm.core.claims import Stance
from scrm.core.timeline import SELLERS

if TYPE_CHECKING:
    from scrm.core.compliance.model import Statement

_COMPLAINS = re.compile(
    r"到底(?:哪|多少|是|谁)|哪个(?:是真|才是|准|对)|不一样|不一致|对不上|怎么(?:又|会)?(?:变|涨|贵|多)"
    r"|(?:又|突然|临时)(?:涨|变|加)"
    r"|骗|忽悠|投诉|举报|12315|说话不算|出尔反尔|言而无信|反悔|坐地起价|耍我|坑人|不是说(?:好|的)?|明明(?:说|写|是)"
    r"|之前(?:说|报|给我|跟我)|刚才(?:说|报)|昨天(?:说|报|跟我|给我)|差(?:了)?这么多"
)
_PAYS = re.compile(
    r"(?:已经?|刚刚?)(?:付|转|拍|下单|交)(?!费)|(?:付|转|交|拍)(?:好|完|过去|下|款)?了|下单了"
    r"|(?:钱|款)(?:打|付|转)(?:过去|给你|了)"
)


def matters(said: Statement) -> bool:
    """Whether a finding can come of these words: of what a seller claims, or of a customer who has noticed."""
    return bool(said.claims) if said.by_seller else arouses(said)


def arouses(said: Statement) -> bool:
    """Whether these words of a customer can make an earlier finding more severe."""
    return reports(said) or complains(said) or pays(said)


def reports(said: Statement) -> bool:
    """The customer cites a price the company named."""
    return said.speaker not in SELLERS and any(claim.quote.stance == Stance.REPORTED for claim in said.claims)


def complains(said: Statement) -> bool:
    """The customer says that two statements do not agree."""
    return said.speaker not in SELLERS and _COMPLAINS.search(said.text) is not None


def pays(said: Statement) -> bool:
    """The customer has paid or ordered."""
    return said.paid or (said.speaker not in SELLERS and _PAYS.search(said.text) is not None)
