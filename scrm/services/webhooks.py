"""Webhooks: facts delivered to integrators, signed by the Standard Webhooks rules, retried, with a log.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from standardwebhooks.webhooks import Webhook

from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.errors import BadInput, ChannelUnavailable
from scrm.core.events import BY_NAME, Event
from scrm.core.ids import public
from scrm.http import refuse_private
from scrm.hub import Hub
from scrm.store.columns import as_json
from scrm.store.database import Transaction
from scrm.store.events import StoredEvent
from scrm.store.tasks import Task
from scrm.store.webhooks import Delivery, Endpoint
from scrm.telemetry import DELIVERIES

RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 36000))
"""How long to wait after each failed attempt; after the last one the delivery has failed."""
DISABLE_AFTER = timedelta(days=5)
_AT_ONCE = 50
_KEPT_ANSWER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt came to. `status` is None when no answer came."""

    ok: bool
    status: int | None
    error: str = ""
    answer: str = ""
    retry_after: timedelta | None = None


async def add_endpoint(hub: Hub, actor: Actor, *, url: str, description: str, event_types: Sequence[str]) -> Endpoint:
    """Subscribe an address. `BadInput` for unknown event types and addresses inside the network."""
    require(actor, Permission.MANAGE_WEBHOOKS)
    _check_types(event_types)
    if not hub.settings.webhook_private_targets:
        refuse_private(url)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    async with hub.db.transaction() as tx:
        endpoint = await tx.webhooks.add(url=url, description=description, event_types=event_types, secret=secret)
        tx.audit.record(Deed.by(actor, "webhook.added", "endpoint", public("hook", endpoint.id), url=url))
    return endpoint


async def edit_endpoint(
    hub: Hub,
    actor: Actor,
    endpoint_id: int,
    *,
    description: str | None,
    event_types: Sequence[str] | None,
    enabled: bool | None,
) -> Endpoint:
    require(actor, Permission.MANAGE_WEBHOOKS)
    values: dict[str, object] = {}
    if description is not None:
        values["description"] = description
    if event_types is not None:
        _check_types(event_types)
        values["event_types"] = list(event_types)
    if enabled is not None:
        values |= {"enabled": enabled, "disabled_reason": "", "failing_since": None}
    async with hub.db.transaction() as tx:
        await tx.webhooks.change(endpoint_id, **values)
        changed = await tx.webhooks.get(endpoint_id)
        tx.audit.record(
            Deed.by(
                actor,
                "webhook.edited",
                "endpoint",
                public("hook", endpoint_id),
                fields=sorted(values),
                event_types=list(changed.event_types),
                enabled=changed.enabled,
            )
        )
    return changed


async def remove_endpoint(hub: Hub, actor: Actor, endpoint_id: int) -> None:
    require(actor, Permission.MANAGE_WEBHOOKS)
    async with hub.db.transaction() as tx:
        await tx.webhooks.remove(endpoint_id)
        tx.audit.record(Deed.by(actor, "webhook.removed", "endpoint", public("hook", endpoint_id)))


async def test_endpoint(hub: Hub, actor: Actor, endpoint_id: int) -> Delivery:
    """Send an `endpoint.tested` event to one endpoint."""
    require(actor, Permission.MANAGE_WEBHOOKS)
    async with hub.db.transaction() as tx:
        endpoint = await tx.webhooks.get(endpoint_id)
        stored = await tx.events.append([Event(type="endpoint.tested", customer_id=None, payload={"by": actor.login})])
        tasks = await tx.webhooks.add_deliveries(stored, [endpoint])
        await tx.tasks.add(tasks)
        return (await tx.webhooks.deliveries([tasks[0].ref]))[tasks[0].ref]


async def replay_delivery(hub: Hub, actor: Actor, delivery_id: int) -> Delivery:
    """Deliver an event once more."""
    require(actor, Permission.MANAGE_WEBHOOKS)
    async with hub.db.transaction() as tx:
        await tx.tasks.add([await tx.webhooks.again(delivery_id)])
        tx.audit.record(Deed.by(actor, "delivery.replayed", "delivery", public("dlv", delivery_id)))
        return (await tx.webhooks.deliveries([delivery_id]))[delivery_id]


async def deliver_webhooks(hub: Hub, tasks: Sequence[Task]) -> None:
    """Deliver a batch: in order per endpoint and customer, side by side otherwise; all outcomes in one transaction."""
    async with hub.db.reading() as tx:
        deliveries = await tx.webhooks.deliveries(task.ref for task in tasks)
        endpoints = {endpoint.id: endpoint for endpoint in await tx.webhooks.endpoints()}
        events = await tx.events.load([delivery.event_id for delivery in deliveries.values()])
    runs: dict[str, list[Task]] = {}
    for task in tasks:
        runs.setdefault(task.key, []).append(task)
    limit = asyncio.Semaphore(_AT_ONCE)

    async def run(own: list[Task]) -> list[tuple[Task, Delivery, Endpoint, Outcome]]:
        done = []
        for task in own:
            delivery = deliveries.get(task.ref)
            endpoint = endpoints.get(delivery.endpoint_id) if delivery else None
            if delivery is None or endpoint is None or not endpoint.enabled:
                continue
            async with limit:
                outcome = await _attempt(hub, endpoint, events[delivery.event_id])
            done.append((task, delivery, endpoint, outcome))
            if not outcome.ok:
                break  # what follows for this customer waits for its turn
        return done

    outcomes = [one for run_of_key in await asyncio.gather(*map(run, runs.values())) for one in run_of_key]
    await _record(hub, tasks, outcomes, deliveries, endpoints)


async def _attempt(hub: Hub, endpoint: Endpoint, event: StoredEvent) -> Outcome:
    body = as_json(event.as_json())
    headers = sign(endpoint.secret, public("evt", event.id), hub, body)
    try:
        answer = await hub.webhook_http.request(
            "POST", endpoint.url, body=body.encode(), headers=headers, timeout_s=15.0
        )
    except (ChannelUnavailable, BadInput) as error:
        DELIVERIES.labels("unreachable").inc()
        return Outcome(ok=False, status=None, error=str(error))
    ok = 200 <= answer.status < 300
    DELIVERIES.labels("delivered" if ok else "refused").inc()
    return Outcome(
        ok=ok,
        status=answer.status,
        error="" if ok else f"the endpoint answered {answer.status}",
        answer=answer.body[:_KEPT_ANSWER].decode(errors="replace"),
        retry_after=_retry_after(answer.headers, hub),
    )


def sign(secret: str, message_id: str, hub: Hub, body: str) -> dict[str, str]:
    """The headers of a Standard Webhooks request."""
    at = hub.now()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
        "content-type": "application/json",
        "user-agent": "scrm-hub",
    }


async def _record(
    hub: Hub,
    tasks: Sequence[Task],
    outcomes: Sequence[tuple[Task, Delivery, Endpoint, Outcome]],
    deliveries: Mapping[int, Delivery],
    endpoints: Mapping[int, Endpoint],
) -> None:
    tried = {task.id for task, *_ in outcomes}
    async with hub.db.transaction() as tx:
        finished = []
        for task, delivery, endpoint, outcome in outcomes:
            attempts = delivery.attempts + 1
            again = None if outcome.ok or attempts > len(RETRY_AFTER) else RETRY_AFTER[attempts - 1]
            if again is not None and outcome.retry_after is not None:
                again = max(again, outcome.retry_after)
            await tx.webhooks.record(
                delivery.id,
                state="delivered" if outcome.ok else ("waiting" if again else "failed"),
                status=outcome.status,
                error=outcome.error,
                answer=outcome.answer,
                next_attempt_at=tx.now + again if again else None,
            )
            await _judge(tx, endpoint, outcome)
            if again is None:
                finished.append(task)
            else:
                await tx.tasks.retry(task, after=again, reason=outcome.error)
        untried = [task for task in tasks if task.id not in tried]
        gone = [task for task in untried if _is_gone(deliveries.get(task.ref), endpoints)]
        await tx.tasks.finish([*finished, *gone])
        await tx.tasks.release([task for task in untried if task not in gone])


def _is_gone(delivery: Delivery | None, endpoints: Mapping[int, Endpoint]) -> bool:
    endpoint = endpoints.get(delivery.endpoint_id) if delivery else None
    return endpoint is None or not endpoint.enabled


async def _judge(tx: Transaction, endpoint: Endpoint, outcome: Outcome) -> None:
    """Note since when an endpoint fails; disable it after days of nothing but failures."""
    if outcome.ok:
        if endpoint.failing_since is not None:
            await tx.webhooks.change(endpoint.id, failing_since=None)
    elif endpoint.failing_since is None:
        await tx.webhooks.change(endpoint.id, failing_since=tx.now)
    elif tx.now - endpoint.failing_since > DISABLE_AFTER:
        reason = f"连续 {DISABLE_AFTER.days} 天投递失败,已停用。最近一次:{outcome.error}"
        await tx.webhooks.change(endpoint.id, enabled=False, disabled_reason=reason)


def _retry_after(headers: Mapping[str, str], hub: Hub) -> timedelta | None:
    """The Retry-After header (RFC 9110 §10.2.3), in seconds or as a date."""
    value = headers.get("retry-after", "")
    if value.isdigit():
        return timedelta(seconds=min(int(value), 86400))
    try:
        return max(parsedate_to_datetime(value) - hub.now(), timedelta(0)) if value else None
    except (ValueError, TypeError):
        return None


def _check_types(event_types: Sequence[str]) -> None:
    unknown = sorted(set(event_types) - BY_NAME.keys())
    if unknown:
        raise BadInput(f"unknown event types: {', '.join(unknown)}; known are {', '.join(sorted(BY_NAME))}")
