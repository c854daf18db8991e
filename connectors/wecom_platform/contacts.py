"""Who a WeCom customer is: one identity for all channels of a corp, and what the API tells of them when asked."""

from __future__ import annotations

import json
from datetime import datetime

from connectors.wecom_platform.reading import Fields, at_moment, fields_at
from scrm.connector import Identity, IdentityEvidence


def customer_identity(corp_id: str, external_userid: str) -> Identity:
    """The identity of a customer. `external_userid` means something in its corp only."""
    return Identity(f"wecom:{corp_id}", external_userid)


def unionid_evidence(unionid: str) -> tuple[IdentityEvidence, ...]:
    """The same WeChat user, known to the corp's open-platform account. Empty when the API gave no unionid."""
    if not unionid:
        return ()
    return (IdentityEvidence(Identity("unionid", unionid), "企业微信接口返回的微信 unionid"),)


def observation(answer: Fields, seen_at: datetime) -> str:
    """The payload of a raw event for something the API told us when asked: such answers carry no time of their own."""
    return json.dumps({"seen_at": seen_at.isoformat(), "seen": answer}, ensure_ascii=False)


def observed(fields: Fields) -> tuple[Fields, datetime] | None:
    """The answer in an `observation`, and when it was given. None when the fields are something else."""
    answer = fields_at(fields, "seen")
    return (answer, at_moment(fields, "seen_at")) if answer else None
