"""The evidence of a case as a ZIP: readable offline, verifiable without the hub. Taking it out is on record."""

from __future__ import annotations

import json
from collections.abc import Iterable

from scrm import __version__
from scrm.core.access import Actor, Role
from scrm.core.audit_chain import Deed
from scrm.core.ids import public, row
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.services.evidence import prove, zipped
from scrm.store.prices import PriceVersion
from scrm.web.case_views import CaseViews
from scrm.web.evidence_page import README, Page
from scrm.web.schemas import CaseDetail, EntryOut

FORMAT = 1
_OPERATOR = Actor(id=0, login="operator", name="系统运维", role=Role.ADMIN)


async def export_case(hub: Hub, actor: Actor | None, case_id: int) -> bytes:
    """The ZIP, as this reader may see the case. `actor` is None where the operator works on the installation itself."""
    reader = actor or _OPERATOR
    async with hub.db.transaction() as tx:
        case = await tx.cases.get(case_id)
        public_id = public("cas", case.id)
        tx.audit.record(Deed.by(actor, "case.exported", "case", public_id, version=case.version))
    async with hub.db.reading() as tx:
        views = await CaseViews.within(hub, tx, reader, "zh-CN")
        detail = await views.detail(case)
        prices = await tx.prices.versions([case.product]) if case.product else []
    shown = {entry.id: entry for entry in _entries(detail)}
    said = [one for finding in detail.evidence for one in (finding.said, finding.against) if one is not None]
    messages = {row("msg", one.id) for one in shown.values() if one.kind in {"message", "call"}}
    messages |= {row("msg", one.entry_id) for one in (*said, *detail.told_since)}
    # Before the verdict is final, the log tells of the case what a second auditor must not know yet.
    of_case = [] if case.is_open else [("case", public_id)]
    of_prices = [("price", case.product)] if case.product else []
    proven = await prove(hub, messages, [*of_case, *of_prices, ("audit", "rules")])
    known = detail.model_dump(mode="json", exclude={"can", "assignable", "assignee_id"})
    document: dict[str, Json] = {
        "format": "scrm-case-evidence",
        "version": FORMAT,
        "made_by": f"scrm-hub {__version__}",
        "exported_at": hub.now().isoformat(),
        "exported_by": reader.login,
        "case": known,
        "price_versions": [_price(version) for version in prices],
        "checkpoint": proven.note.text if proven.note else None,
    }
    page = Page(detail, prices, proven, exported_by=reader.name, exported_at=hub.now())
    contents = {
        **proven.files,
        "index.html": page.html().encode(),
        "case.json": (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode(),
        "README.txt": README.encode(),
    }
    return zipped(contents, at=hub.now(), first=("README.txt", "index.html", "case.json"))


def _entries(detail: CaseDetail) -> Iterable[EntryOut]:
    yield from detail.conversation
    for finding in detail.evidence:
        yield from finding.context_said
        yield from finding.context_against


def _price(version: PriceVersion) -> dict[str, Json]:
    return {**version.row(), "reason": version.reason}
