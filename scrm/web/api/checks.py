"""Checks of texts for many, before they go out."""

from __future__ import annotations

from itertools import islice

from scrm.core.errors import BadInput
from scrm.core.ids import public, row
from scrm.services import checks
from scrm.services.checks import Broadcast
from scrm.store.customers import Audience
from scrm.web.openapi import Call, Routes
from scrm.web.present import Presenting
from scrm.web.schemas.checks import AffectedOut, AudienceIn, BroadcastCheck, BroadcastFindings

ROUTES = Routes("checks")


@ROUTES.add("POST", "/broadcasts/check", body=BroadcastCheck, answer=BroadcastFindings)
async def check_broadcast(call: Call, body: BroadcastCheck) -> BroadcastFindings:
    """What is found in the words of a broadcast, and which customers were told something else. Changes nothing."""
    broadcast = Broadcast(
        text=body.text,
        channel=body.channel,
        audience=_audience(body.audience),
        after=row("cus", body.cursor) if body.cursor else 0,
        shown=body.limit,
    )
    checked = await checks.check_broadcast(call.hub, call.actor, broadcast)
    presenting = await Presenting.open(call.hub, call.language)
    evidence = iter(await presenting.draft_findings(found for one in checked.examples for found in one.findings))
    return BroadcastFindings(
        findings=await presenting.draft_findings(checked.findings),
        total=checked.total,
        looked_at=checked.looked_at,
        affected=checked.affected,
        customers=[
            AffectedOut(
                customer_id=public("cus", one.customer.id),
                name=one.customer.name,
                findings=list(islice(evidence, len(one.findings))),
            )
            for one in checked.examples
        ],
        next=public("cus", checked.last) if checked.last is not None else None,
    )


def _audience(given: AudienceIn) -> Audience:
    ids, owner_id = given.customer_ids, given.owner_id
    if owner_id is not None and not owner_id.isdigit():
        raise BadInput("owner_id: expected the id of an account")
    return Audience(
        customer_ids=None if ids is None else tuple(row("cus", each) for each in ids),
        owner_id=int(owner_id) if owner_id else None,
        tag=given.tag,
    )
