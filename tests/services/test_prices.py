"""The price book in use: proposed by one person, approved by another, loaded from files, asked by checks."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from scrm.core.access import Actor, Role
from scrm.core.errors import BadInput, Conflict, NotAllowed
from scrm.core.price_book import PriceBook, Product
from scrm.core.price_book.proposals import ProposalState
from scrm.core.price_book.table import RowsRefused
from scrm.hub import Hub
from scrm.services.accounts import add_user
from scrm.services.prices import (
    Wish,
    approve_proposal,
    current_book,
    export_file,
    import_file,
    load_price_book,
    preview_file,
    propose,
    reject_proposal,
    withdraw_proposal,
)
from tests.services.conftest import School

NEW = Product(sku="CAMP", name="夏令营", list_price=Decimal(3680), unit="期")


@pytest.fixture
async def wang(hub: Hub) -> Actor:
    return await add_user(hub, None, login="wang", name="王主管", role=Role.MANAGER, password="a-long-password")


@pytest.fixture
async def li(hub: Hub) -> Actor:
    return await add_user(hub, None, login="li", name="李主管", role=Role.MANAGER, password="a-long-password")


async def book(hub: Hub) -> PriceBook:
    async with hub.db.reading() as tx:
        return await current_book(hub, tx)


async def price(hub: Hub, sku: str, at: datetime, known_at: datetime | None = None) -> Decimal | None:
    found = (await book(hub)).product(sku, at, known_at=known_at)
    return found.list_price if found else None


def product(**fields: object) -> Product:
    return Product(**{"sku": "SHORT", "name": "短期班", "list_price": Decimal(1380), **fields})


async def test_a_change_counts_from_its_approval_on_and_not_before(school: School, wang: Actor, li: Actor) -> None:
    hub, before = school.hub, school.clock()
    (proposal,) = await propose(hub, wang, Wish([product()], "成本上涨"))
    assert await price(hub, "SHORT", school.clock()) == 1280

    school.clock.advance(hours=1)
    (decided,) = await approve_proposal(hub, li, proposal.id, note="同意")

    assert (decided.state, decided.decided_by, decided.decision_note) == (ProposalState.APPROVED, "li", "同意")
    now = school.clock()
    assert await price(hub, "SHORT", now) == 1380
    assert await price(hub, "SHORT", before) == 1280
    assert await price(hub, "SHORT", now, known_at=before) == 1280
    version = (await book(hub)).product("SHORT", now)
    assert (version.recorded_by, version.approved_by) == ("wang", "li")
    async with hub.db.reading() as tx:
        newest = (await tx.prices.versions(["SHORT"]))[-1]
    assert (newest.reason, newest.approved_by) == ("成本上涨", "li")


async def test_nobody_approves_their_own_change(school: School, wang: Actor, rep: Actor, auditor: Actor) -> None:
    hub = school.hub
    (proposal,) = await propose(hub, wang, Wish([NEW], "新课"))

    for actor, complaint in ((wang, "somebody else"), (rep, "prices.approve"), (auditor, "prices.approve")):
        with pytest.raises(NotAllowed, match=complaint):
            await approve_proposal(hub, actor, proposal.id)
    for actor in (rep, auditor):
        with pytest.raises(NotAllowed, match=r"prices\.edit"):
            await propose(hub, actor, Wish([NEW], "新课"))
    assert await price(hub, "CAMP", school.clock()) is None


async def test_where_one_person_runs_the_shop_they_approve_their_own(school: School, wang: Actor) -> None:
    hub = school.hub
    object.__setattr__(hub, "settings", hub.settings.model_copy(update={"price_approval": "one_person"}))
    (proposal,) = await propose(hub, wang, Wish([NEW], "新课"))

    await approve_proposal(hub, wang, proposal.id)

    assert await price(hub, "CAMP", school.clock()) == 3680


async def test_a_proposal_is_decided_once(school: School, wang: Actor, li: Actor) -> None:
    hub = school.hub
    (proposal,) = await propose(hub, wang, Wish([NEW], "新课"))
    with pytest.raises(BadInput, match="say why"):
        await reject_proposal(hub, li, proposal.id, note=" ")
    with pytest.raises(NotAllowed, match="only who proposed"):
        await withdraw_proposal(hub, li, proposal.id)

    (rejected,) = await reject_proposal(hub, li, proposal.id, note="价格未定")

    assert (rejected.state, rejected.decision_note) == (ProposalState.REJECTED, "价格未定")
    for again in (approve_proposal(hub, li, proposal.id), withdraw_proposal(hub, wang, proposal.id)):
        with pytest.raises(Conflict, match="rejected already"):
            await again


async def test_an_author_takes_a_proposal_back(school: School, wang: Actor) -> None:
    (proposal,) = await propose(school.hub, wang, Wish([NEW], "新课"))

    (withdrawn,) = await withdraw_proposal(school.hub, wang, proposal.id)

    assert withdrawn.state is ProposalState.WITHDRAWN


async def test_a_proposal_made_from_what_no_longer_is_cannot_be_approved(
    school: School, wang: Actor, li: Actor
) -> None:
    hub = school.hub
    (first,) = await propose(hub, wang, Wish([product()], "涨价"))
    (second,) = await propose(hub, wang, Wish([product(list_price=Decimal(1480))], "再涨"))
    await approve_proposal(hub, li, first.id)

    with pytest.raises(Conflict, match="has changed since"):
        await approve_proposal(hub, li, second.id)

    assert await price(hub, "SHORT", school.clock()) == 1380


async def test_a_planned_change_comes_into_force_by_itself(school: School, wang: Actor, li: Actor) -> None:
    hub, clock = school.hub, school.clock
    start = clock() + timedelta(days=3)
    (proposal,) = await propose(hub, wang, Wish([product(valid_from=start)], "下周涨价"))
    await approve_proposal(hub, li, proposal.id)

    assert await price(hub, "SHORT", clock()) == 1280
    assert await price(hub, "SHORT", start) == 1380


async def test_an_edit_until_a_planned_change_leaves_the_plan_alone(school: School, wang: Actor, li: Actor) -> None:
    hub, clock = school.hub, school.clock
    start = clock() + timedelta(days=3)
    for wish in (product(valid_from=start), product(list_price=Decimal(1300))):
        (proposal,) = await propose(hub, wang, Wish([wish], "调整"))
        await approve_proposal(hub, li, proposal.id)

    assert [await price(hub, "SHORT", at) for at in (clock(), start)] == [1300, 1380]


async def test_a_plan_that_is_approved_too_late_starts_with_its_approval(
    school: School, wang: Actor, li: Actor
) -> None:
    hub, clock = school.hub, school.clock
    planned = clock() + timedelta(days=1)
    (proposal,) = await propose(hub, wang, Wish([product(valid_from=planned)], "明天涨价"))
    clock.advance(days=2)
    await approve_proposal(hub, li, proposal.id)

    assert await price(hub, "SHORT", planned + timedelta(hours=1)) == 1280
    assert await price(hub, "SHORT", clock()) == 1380


async def test_the_past_can_be_corrected_and_what_was_known_then_stays(school: School, wang: Actor, li: Actor) -> None:
    hub, clock = school.hub, school.clock
    then = clock() - timedelta(days=5)
    (proposal,) = await propose(
        hub,
        wang,
        Wish([product(valid_from=then - timedelta(days=1), valid_to=then + timedelta(days=1))], "当时录错了"),
    )
    before = clock()
    await approve_proposal(hub, li, proposal.id)

    assert await price(hub, "SHORT", then) == 1380
    assert await price(hub, "SHORT", then, known_at=before) == 1280
    assert await price(hub, "SHORT", clock()) == 1280


async def test_what_cannot_be_is_refused_with_reasons_and_what_changes_nothing_too(school: School, wang: Actor) -> None:
    with pytest.raises(RowsRefused, match="底价 2000 高于标价 1380"):
        await propose(school.hub, wang, Wish([product(floors={"rep": Decimal(2000)})], "x"))
    with pytest.raises(BadInput, match="nothing would change"):
        await propose(school.hub, wang, Wish([product(list_price=Decimal(1280))], "x"))


async def test_every_step_is_in_the_audit_log_and_integrators_are_told(school: School, wang: Actor, li: Actor) -> None:
    hub = school.hub
    told = len(await school.events("prices.changed"))
    (proposal,) = await propose(hub, wang, Wish([product()], "成本上涨"))
    await approve_proposal(hub, li, proposal.id)

    async with hub.db.reading() as tx:
        recorded, approved, proposed = await tx.audit.newest(limit=3)
    assert [link.action for link in (proposed, approved, recorded)] == [
        "price.proposed",
        "price.approved",
        "price.recorded",
    ]
    assert (proposed.actor, approved.actor, recorded.object_id) == ("wang", "li", "SHORT")
    assert recorded.payload is not None
    assert '"before":"' in recorded.payload
    assert [event.payload["what"] for event in await school.events("prices.proposed")][:1] == ["proposed"]
    (event,) = (await school.events("prices.changed"))[told:]
    assert event.payload == {"skus": ["SHORT"], "recorded_by": "wang", "approved_by": "li"}


# --- files -------------------------------------------------------------------------------------------------------


async def test_a_price_list_is_proposed_as_one_and_approved_as_one(school: School, wang: Actor, li: Actor) -> None:
    hub = school.hub
    content = '商品编码,商品名称,标价\nSHORT,短期班,"1,380"\nCAMP,夏令营,3680\nYEAR,年课,5980\n'.encode("gb18030")

    reading, proposed = await import_file(hub, wang, "六月.csv", content)

    assert [line.state for line in reading.lines] == ["changed", "added", "unchanged"]
    assert [(p.product.sku, p.source, p.reason) for p in proposed] == [
        ("SHORT", "六月.csv", "导入 六月.csv"),
        ("CAMP", "六月.csv", "导入 六月.csv"),
    ]
    await approve_proposal(hub, li, proposed[0].id, together=True)
    assert [await price(hub, sku, school.clock()) for sku in ("SHORT", "CAMP", "YEAR")] == [1380, 3680, 5980]


async def test_a_price_list_with_one_bad_row_changes_nothing(school: School, wang: Actor) -> None:
    content = "商品编码,商品名称,标价\nSHORT,短期班,1380\nCAMP,夏令营,面议\n".encode()

    with pytest.raises(RowsRefused, match="第 3 行 标价：“面议”不是金额"):
        await import_file(school.hub, wang, "六月.csv", content)

    async with school.hub.db.reading() as tx:
        assert await tx.prices.proposals(limit=10) == []


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
async def test_what_was_exported_changes_nothing(school: School, wang: Actor, file_format: str) -> None:
    content = await export_file(school.hub, file_format)

    reading = await preview_file(school.hub, wang, content)

    assert {line.state for line in reading.lines} == {"unchanged"}
    assert len(reading.lines) == 3
    assert (await import_file(school.hub, wang, "prices", content))[1] == []


# --- the file of the settings ------------------------------------------------------------------------------------

TOML = """
[[product]]
sku = "CAMP"
name = "夏令营"
list_price = {price}
"""


async def test_the_file_of_the_settings_counts_always_when_new_and_from_now_on_when_changed(
    school: School, tmp_path: Path
) -> None:
    hub, file = school.hub, tmp_path / "book.toml"
    long_ago = school.clock() - timedelta(days=300)
    results = []
    for amount in (3680, 3680, 3880, 3880, 3680, 3680):
        file.write_text(TOML.format(price=amount), encoding="utf-8")
        results.append(await load_price_book(hub, file, by="settings"))
        school.clock.advance(days=1)

    assert results == [1, 0, 1, 0, 1, 0]
    assert await price(hub, "CAMP", long_ago) == 3680
    assert await price(hub, "CAMP", school.clock() - timedelta(days=3)) == 3880
    assert await price(hub, "CAMP", school.clock()) == 3680


async def test_what_was_approved_stays_when_the_file_of_the_settings_says_nothing_new(
    school: School, wang: Actor, li: Actor, tmp_path: Path
) -> None:
    hub, file = school.hub, tmp_path / "book.toml"
    file.write_text(TOML.format(price=3680), encoding="utf-8")
    await load_price_book(hub, file, by="settings")
    (proposal,) = await propose(hub, wang, Wish([Product(sku="CAMP", name="夏令营", list_price=Decimal(3980))], "涨"))
    await approve_proposal(hub, li, proposal.id)

    assert await load_price_book(hub, file, by="settings") == 0
    assert await price(hub, "CAMP", school.clock()) == 3980


async def test_a_file_of_the_settings_with_several_versions_is_loaded_once(school: School, tmp_path: Path) -> None:
    file = tmp_path / "book.toml"
    file.write_text(
        TOML.format(price="3680\nvalid_to = 2026-01-01") + TOML.format(price="3880\nvalid_from = 2026-01-01"),
        encoding="utf-8",
    )

    assert [await load_price_book(school.hub, file, by="settings") for _ in range(3)] == [2, 0, 0]


async def test_a_file_of_the_settings_that_cannot_be_is_refused_whole(school: School, tmp_path: Path) -> None:
    file = tmp_path / "book.toml"
    file.write_text(TOML.format(price="3680\nfloors = {rep = 4000}"), encoding="utf-8")

    with pytest.raises(RowsRefused, match="底价 4000 高于标价 3680"):
        await load_price_book(school.hub, file, by="settings")
    assert await price(school.hub, "CAMP", school.clock()) is None
