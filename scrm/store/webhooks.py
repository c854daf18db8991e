"""Webhook endpoints and their deliveries: one row and one task per event and subscribed endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, func, select, update

from scrm.core.errors import NotFound
from scrm.core.events import BY_NAME
from scrm.store import schema
from scrm.store.events import StoredEvent
from scrm.store.tasks import NewTask
from scrm.store.work import Noun

_endpoints, _deliveries = schema.endpoints, schema.deliveries

DELIVER = "deliver_webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An integrator's address. `secret` is in Standard Webhooks form (`whsec_…`). No event types: all of them."""

    id: int
    url: str
    description: str
    event_types: tuple[str, ...]
    secret: str
    enabled: bool
    disabled_reason: str
    failing_since: datetime | None
    created_at: datetime

    def wants(self, event_type: str) -> bool:
        return self.enabled and (not self.event_types or event_type in self.event_types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`state`: waiting, delivered, failed (given up)."""

    id: int
    endpoint_id: int
    event_id: int
    event_type: str
    state: str
    attempts: int
    last_status: int | None
    last_error: str
    last_answer: str
    created_at: datetime
    next_attempt_at: datetime | None


class Webhooks(Noun):
    async def add(self, *, url: str, description: str, event_types: Sequence[str], secret: str) -> Endpoint:
        endpoint = Endpoint(
            id=self._work.ids.next(),
            url=url,
            description=description,
            event_types=tuple(event_types),
            secret=secret,
            enabled=True,
            disabled_reason="",
            failing_since=None,
            created_at=self._work.now,
        )
        row = {name: getattr(endpoint, name) for name in Endpoint.__dataclass_fields__}
        await self._work.insert(_endpoints, [row | {"event_types": list(endpoint.event_types)}])
        return endpoint

    async def endpoints(self) -> list[Endpoint]:
        return [_endpoint(row) for row in await self._work.rows(select(_endpoints).order_by(_endpoints.c.id))]

    async def get(self, endpoint_id: int) -> Endpoint:
        row = await self._work.one(select(_endpoints).where(_endpoints.c.id == endpoint_id))
        if row is None:
            raise NotFound("there is no such webhook endpoint")
        return _endpoint(row)

    async def change(self, endpoint_id: int, **values: object) -> None:
        """Set columns of an endpoint."""
        await self.get(endpoint_id)
        if values:
            await self._work.run(update(_endpoints).where(_endpoints.c.id == endpoint_id).values(**values))

    async def remove(self, endpoint_id: int) -> None:
        """Remove an endpoint with its delivery log."""
        await self.get(endpoint_id)
        await self._work.run(delete(_deliveries).where(_deliveries.c.endpoint_id == endpoint_id))
        await self._work.run(delete(_endpoints).where(_endpoints.c.id == endpoint_id))

    async def add_deliveries(
        self, events: Sequence[StoredEvent], endpoints: Sequence[Endpoint] | None = None
    ) -> list[NewTask]:
        """A delivery per event and endpoint that wants it (or per endpoint given); the tasks that will make them."""
        subscribed = endpoints
        if subscribed is None:
            subscribed = [endpoint for endpoint in await self.endpoints() if endpoint.enabled]
        if not subscribed:
            return []
        rows: list[dict[str, object]] = []
        tasks: list[NewTask] = []
        for event in events:
            for endpoint in subscribed:
                if endpoints is None and (BY_NAME[event.type].internal or not endpoint.wants(event.type)):
                    continue
                row = self._delivery_row(endpoint, event)
                rows.append(row)
                tasks.append(_task(int(str(row["id"])), endpoint.id, event.customer_id))
        await self._work.insert(_deliveries, rows)
        return tasks

    async def deliveries(self, ids: Iterable[int]) -> dict[int, Delivery]:
        rows = await self._work.rows(select(_deliveries).where(self._work.among(_deliveries.c.id, set(ids))))
        return {row.id: Delivery(**row._mapping) for row in rows}

    async def log(self, endpoint_id: int, *, before: int | None, limit: int) -> list[Delivery]:
        """Deliveries of an endpoint, newest first."""
        c = _deliveries.c
        wanted = select(_deliveries).where(c.endpoint_id == endpoint_id)
        if before is not None:
            wanted = wanted.where(c.id < before)
        rows = await self._work.rows(wanted.order_by(c.id.desc()).limit(limit))
        return [Delivery(**row._mapping) for row in rows]

    async def record(
        self,
        delivery_id: int,
        *,
        state: str,
        status: int | None,
        error: str,
        answer: str,
        next_attempt_at: datetime | None = None,
    ) -> None:
        """What an attempt came to. `answer` is the beginning of what the endpoint said."""
        await self._work.run(
            update(_deliveries)
            .where(_deliveries.c.id == delivery_id)
            .values(
                state=state,
                attempts=_deliveries.c.attempts + 1,
                last_status=status,
                last_error=error,
                last_answer=answer,
                next_attempt_at=next_attempt_at,
            )
        )

    async def again(self, delivery_id: int) -> NewTask:
        """Deliver once more what was delivered or given up. `NotFound` when there is no such delivery."""
        delivery = (await self.deliveries([delivery_id])).get(delivery_id)
        if delivery is None:
            raise NotFound("there is no such delivery")
        event = await self._work.one(select(schema.events.c.customer_id).where(schema.events.c.id == delivery.event_id))
        await self._work.run(
            update(_deliveries)
            .where(_deliveries.c.id == delivery_id)
            .values(state="waiting", next_attempt_at=self._work.now)
        )
        return _task(delivery_id, delivery.endpoint_id, event.customer_id if event else None)

    async def figures(self) -> dict[int, tuple[int, int]]:
        """Endpoint id → (delivered, failing or given up)."""
        c = _deliveries.c
        failing = case(((c.state == "failed") | ((c.state == "waiting") & (c.attempts > 0)), 1), else_=0)
        rows = await self._work.rows(
            select(
                c.endpoint_id,
                func.sum(case((c.state == "delivered", 1), else_=0)).label("delivered"),
                func.sum(failing).label("failing"),
            ).group_by(c.endpoint_id)
        )
        return {row.endpoint_id: (row.delivered, row.failing) for row in rows}

    def _delivery_row(self, endpoint: Endpoint, event: StoredEvent) -> dict[str, object]:
        return {
            "id": self._work.ids.next(),
            "endpoint_id": endpoint.id,
            "event_id": event.id,
            "event_type": event.type,
            "state": "waiting",
            "created_at": self._work.now,
            "next_attempt_at": self._work.now,
        }


def _task(delivery_id: int, endpoint_id: int, customer_id: int | None) -> NewTask:
    return NewTask(kind=DELIVER, key=f"hook:{endpoint_id}:{customer_id or ''}", ref=delivery_id)


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(**dict(row._mapping) | {"event_types": tuple(row.event_types)})
