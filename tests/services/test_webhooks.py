"""Webhooks: signed so that a public library verifies them, in order per customer, retried, and given up with a word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from scrm.core.access import Actor, Role
from scrm.core.errors import BadInput, NotAllowed
from scrm.http import Http
from scrm.services.accounts import add_user
from scrm.services.webhooks import RETRY_AFTER, add_endpoint, edit_endpoint, replay_delivery
from scrm.services.webhooks import test_endpoint as send_test
from tests.conftest import run_workers
from tests.services.conftest import School


@dataclass
class Receiver:
    """An integrator's endpoint: keeps what it got, and answers as told."""

    url: str = ""
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.text()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200, text="noted")

    def texts(self) -> list[str]:
        return [json.loads(body)["payload"].get("text", "") for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.receive)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver


@pytest.fixture
async def admin(school: School) -> Actor:
    return await add_user(school.hub, None, login="root", name="管理员", role=Role.ADMIN, password="long-enough-word")


async def test_an_event_arrives_signed_as_the_public_library_expects(
    school: School, receiver: Receiver, admin: Actor
) -> None:
    endpoint = await add_endpoint(school.hub, admin, url=receiver.url, description="", event_types=["entry.added"])

    await school.says(school.chat, "年课多少钱")

    ((headers, body),) = receiver.got
    lower = {name.lower(): value for name, value in headers.items()}
    event = Webhook(endpoint.secret).verify(body, lower)
    assert event["type"] == "entry.added"
    assert event["payload"]["text"] == "年课多少钱"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(body.replace("年", "月"), lower)


async def test_a_customers_events_wait_behind_one_that_failed_and_arrive_in_order(
    school: School, receiver: Receiver, admin: Actor
) -> None:
    await add_endpoint(school.hub, admin, url=receiver.url, description="", event_types=["entry.added"])
    receiver.answers = [503]

    for text in ("一", "二", "三"):
        await school.says(school.chat, text)
    assert receiver.texts() == ["一"]
    school.clock.advance(seconds=RETRY_AFTER[0].total_seconds() + 1)
    await run_workers(school.hub)

    assert receiver.texts() == ["一", "一", "二", "三"]


async def test_another_customers_events_do_not_wait(school: School, receiver: Receiver, admin: Actor) -> None:
    await add_endpoint(school.hub, admin, url=receiver.url, description="", event_types=["entry.added"])
    receiver.answers = [503]

    await school.says(school.chat, "卡住的", customer="one")
    await school.says(school.chat, "不受影响", customer="two")

    assert receiver.texts() == ["卡住的", "不受影响"]


async def test_after_the_last_attempt_the_delivery_has_failed_and_can_be_replayed(
    school: School, receiver: Receiver, admin: Actor
) -> None:
    endpoint = await add_endpoint(school.hub, admin, url=receiver.url, description="", event_types=["entry.added"])
    receiver.answers = [500] * (len(RETRY_AFTER) + 1)
    await school.says(school.chat, "在吗")
    for wait in RETRY_AFTER:
        school.clock.advance(seconds=wait.total_seconds() + 1)
        await run_workers(school.hub)

    async with school.hub.db.reading() as tx:
        (delivery,) = await tx.webhooks.log(endpoint.id, before=None, limit=10)
    assert (delivery.state, delivery.attempts, delivery.last_status) == ("failed", 8, 500)
    await replay_delivery(school.hub, admin, delivery.id)
    await run_workers(school.hub)
    async with school.hub.db.reading() as tx:
        (delivery,) = await tx.webhooks.log(endpoint.id, before=None, limit=10)
    assert (delivery.state, delivery.last_answer) == ("delivered", "noted")


async def test_only_subscribed_types_are_delivered(school: School, receiver: Receiver, admin: Actor) -> None:
    await add_endpoint(school.hub, admin, url=receiver.url, description="", event_types=["case.opened"])

    await school.says(school.chat, "在吗")

    assert receiver.got == []


async def test_a_disabled_endpoint_gets_nothing(school: School, receiver: Receiver, admin: Actor) -> None:
    endpoint = await add_endpoint(school.hub, admin, url=receiver.url, description="", event_types=[])
    await edit_endpoint(school.hub, admin, endpoint.id, description=None, event_types=None, enabled=False)

    await school.says(school.chat, "在吗")

    assert receiver.got == []


async def test_a_test_event_goes_to_one_endpoint(school: School, receiver: Receiver, admin: Actor) -> None:
    endpoint = await add_endpoint(school.hub, admin, url=receiver.url, description="", event_types=["case.opened"])

    await send_test(school.hub, admin, endpoint.id)
    await run_workers(school.hub)

    assert [json.loads(body)["type"] for _, body in receiver.got] == ["endpoint.tested"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://10.0.0.8/", "http://[::1]/"])
async def test_addresses_inside_the_network_are_refused(school: School, admin: Actor, url: str) -> None:
    guarded = replace(school.hub, settings=school.hub.settings.model_copy(update={"webhook_private_targets": False}))

    with pytest.raises(BadInput):
        await add_endpoint(guarded, admin, url=url, description="", event_types=[])


async def test_the_guarded_client_refuses_a_private_address_even_after_it_was_subscribed(
    school: School, receiver: Receiver, admin: Actor
) -> None:
    async with Http(public_only=True) as guarded:
        hub = replace(school.hub, webhook_http=guarded)
        endpoint = await add_endpoint(hub, admin, url=receiver.url, description="", event_types=["entry.added"])
        await school.says(school.chat, "在吗")  # delivered by the open client of the test hub
        await send_test(hub, admin, endpoint.id)
        await run_workers(hub)

        async with hub.db.reading() as tx:
            delivery, _ = await tx.webhooks.log(endpoint.id, before=None, limit=10)
    assert "private address" in delivery.last_error


async def test_unknown_event_types_are_refused(school: School, admin: Actor) -> None:
    with pytest.raises(BadInput, match=r"case\.opened"):
        await add_endpoint(school.hub, admin, url="https://example.com", description="", event_types=["no.such"])


async def test_a_rep_cannot_subscribe(school: School, rep: Actor) -> None:
    with pytest.raises(NotAllowed):
        await add_endpoint(school.hub, rep, url="https://example.com", description="", event_types=[])
