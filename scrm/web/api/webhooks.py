"""Webhook endpoints, their delivery log, and the catalogue of events."""

from __future__ import annotations

from scrm.core.access import Permission, require
from scrm.core.events import CATALOGUE
from scrm.core.ids import public, row
from scrm.services import webhooks
from scrm.store.webhooks import Delivery, Endpoint
from scrm.web.openapi import Call, Routes
from scrm.web.schemas import DeliveryOut, EndpointEdit, EndpointNew, EndpointOut, EventTypeOut, PageOf, Paging

ROUTES = Routes("webhooks")


@ROUTES.add("GET", "/webhooks", answer=PageOf[EndpointOut])
async def list_endpoints(call: Call) -> PageOf[EndpointOut]:
    """Subscribed addresses."""
    require(call.actor, Permission.MANAGE_WEBHOOKS)
    async with call.hub.db.reading() as tx:
        figures = await tx.webhooks.figures()
        items = [_endpoint(endpoint, figures) for endpoint in await tx.webhooks.endpoints()]
    return PageOf[EndpointOut](items=items)


@ROUTES.add("POST", "/webhooks", body=EndpointNew, answer=EndpointOut, status=201)
async def add_endpoint(call: Call, body: EndpointNew) -> EndpointOut:
    """Subscribe an address; the answer holds the signing secret, once."""
    endpoint = await webhooks.add_endpoint(
        call.hub, call.actor, url=body.url, description=body.description, event_types=body.event_types
    )
    return _endpoint(endpoint, {}).model_copy(update={"secret": endpoint.secret})


@ROUTES.add("PATCH", "/webhooks/{id}", body=EndpointEdit, answer=EndpointOut)
async def edit_endpoint(call: Call, body: EndpointEdit) -> EndpointOut:
    """Change an address's description or event types, enable or disable it."""
    endpoint = await webhooks.edit_endpoint(
        call.hub,
        call.actor,
        call.row_id("id", "hook"),
        description=body.description,
        event_types=body.event_types,
        enabled=body.enabled,
    )
    return _endpoint(endpoint, {})


@ROUTES.add("DELETE", "/webhooks/{id}")
async def remove_endpoint(call: Call) -> None:
    """Unsubscribe an address."""
    await webhooks.remove_endpoint(call.hub, call.actor, call.row_id("id", "hook"))


@ROUTES.add("POST", "/webhooks/{id}/test", answer=DeliveryOut, status=202)
async def test_endpoint(call: Call) -> DeliveryOut:
    """Send a test event to one address."""
    return _delivery(await webhooks.test_endpoint(call.hub, call.actor, call.row_id("id", "hook")))


@ROUTES.add("GET", "/webhooks/{id}/deliveries", query=Paging, answer=PageOf[DeliveryOut])
async def list_deliveries(call: Call, query: Paging) -> PageOf[DeliveryOut]:
    """The delivery log of an address, newest first."""
    require(call.actor, Permission.MANAGE_WEBHOOKS)
    before = row("dlv", query.cursor) if query.cursor else None
    async with call.hub.db.reading() as tx:
        found = await tx.webhooks.log(call.row_id("id", "hook"), before=before, limit=query.limit + 1)
    page = found[: query.limit]
    return PageOf[DeliveryOut](
        items=[_delivery(delivery) for delivery in page],
        next=public("dlv", page[-1].id) if len(found) > query.limit else None,
    )


@ROUTES.add("POST", "/deliveries/{id}/replay", answer=DeliveryOut, status=202)
async def replay_delivery(call: Call) -> DeliveryOut:
    """Deliver an event once more."""
    return _delivery(await webhooks.replay_delivery(call.hub, call.actor, call.row_id("id", "dlv")))


@ROUTES.add("GET", "/event-types", answer=PageOf[EventTypeOut])
async def list_event_types(call: Call) -> PageOf[EventTypeOut]:  # noqa: ARG001  # the same for everybody
    """Every kind of event one can subscribe to."""
    items = [
        EventTypeOut(name=one.name, version=one.version, description=one.description)
        for one in CATALOGUE
        if not one.internal
    ]
    return PageOf[EventTypeOut](items=items)


def _endpoint(endpoint: Endpoint, figures: dict[int, tuple[int, int]]) -> EndpointOut:
    delivered, failing = figures.get(endpoint.id, (0, 0))
    return EndpointOut(
        id=public("hook", endpoint.id),
        url=endpoint.url,
        description=endpoint.description,
        event_types=list(endpoint.event_types),
        enabled=endpoint.enabled,
        disabled_reason=endpoint.disabled_reason,
        created_at=endpoint.created_at,
        delivered=delivered,
        failing=failing,
    )


def _delivery(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut.model_validate(
        {
            "id": public("dlv", delivery.id),
            "event_id": public("evt", delivery.event_id),
            "event_type": delivery.event_type,
            "state": delivery.state,
            "attempts": delivery.attempts,
            "last_status": delivery.last_status,
            "last_error": delivery.last_error,
            "last_answer": delivery.last_answer,
            "created_at": delivery.created_at,
            "next_attempt_at": delivery.next_attempt_at,
        }
    )
