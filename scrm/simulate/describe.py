"""The simulated world as the control API shows it."""

from __future__ import annotations

from datetime import UTC, datetime

from scrm.simulate.contacts import followers
from scrm.simulate.kf import REPLIES, WINDOW, readable
from scrm.simulate.pusher import Delivery
from scrm.simulate.views import (
    AppView,
    ArchivedView,
    AttemptView,
    CallbackView,
    Conversation,
    CorpView,
    CustomerView,
    DeliveryView,
    KfAccountView,
    Line,
    MemberView,
    Sent,
    StateView,
)
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.world import App, ArchiveRecord, Corp, Customer, KfAccount, KfRecord, KfSent

_ORIGINS = {3: "customer", 4: "event", 5: "servicer"}


def state(sim: SimulatedWeCom) -> StateView:
    return StateView(
        now=sim.clock.now(),
        corps=[corp_view(corp) for corp in sim.corps.values()],
        deliveries=len(sim.pusher.log),
        undelivered=sum(delivery.outcome in {"failed", "waiting"} for delivery in sim.pusher.log),
        requests=len(sim.requests),
        violations=len(sim.violations),
    )


def corp_view(corp: Corp) -> CorpView:
    return CorpView(
        corp_id=corp.corp_id,
        name=corp.name,
        apps=[app_view(app) for app in corp.apps.values()],
        members=[MemberView(userid=one.userid, name=one.name, position=one.position) for one in corp.members.values()],
        customers=[_customer_view(corp, customer) for customer in corp.customers.values()],
        kf_accounts=[_account_view(account) for account in corp.kf_accounts.values()],
        archive_messages=len(corp.archive.records),
    )


def app_view(app: App) -> AppView:
    return AppView(
        corp_id=app.corp_id,
        name=app.name,
        kind=app.kind,
        secret=app.secret,
        agent_id=app.agent_id,
        callback=CallbackView(**{**app.callback.model_dump(), "receive_id": app.callback.receive_id or app.corp_id}),
    )


def conversation(sim: SimulatedWeCom, account: KfAccount, external_userid: str) -> Conversation:
    """What customer, servicers and hub said to each other over one KF account, oldest first."""
    said = [_line(account, record) for record in account.records if record.external_userid == external_userid]
    sent = [_sent_line(one) for one in account.sent.values() if one.external_userid == external_userid]
    session = account.session(external_userid)
    last = session.last_customer_message
    closes = last + WINDOW if last else None
    is_open = closes is not None and closes >= sim.clock.now()
    return Conversation(
        open_kfid=account.open_kfid,
        external_userid=external_userid,
        service_state=session.state,
        replies_left=max(0, REPLIES - session.sent_since) if is_open else 0,
        window_closes=closes,
        lines=sorted([*said, *sent], key=lambda line: line.at),
    )


def outbox(account: KfAccount) -> list[Sent]:
    """What the hub has sent over the account, oldest first."""
    return [
        Sent(
            msgid=sent.msgid,
            open_kfid=account.open_kfid,
            touser=sent.external_userid,
            msgtype=sent.msgtype,
            text=readable(sent.msgtype, sent.body),
            body=sent.body,
            at=sent.at,
            on_event=sent.on_event,
        )
        for sent in account.sent.values()
    ]


def archived(record: ArchiveRecord) -> ArchivedView:
    return ArchivedView(seq=record.seq, msgid=record.msgid, publickey_ver=record.publickey_ver, message=record.message)


def delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        app=delivery.app.name,
        label=delivery.label,
        plaintext=delivery.plaintext,
        outcome=delivery.outcome,
        attempts=[
            AttemptView(
                at=attempt.at,
                status=attempt.status,
                error=attempt.error,
                milliseconds=attempt.milliseconds,
                timestamp=attempt.timestamp,
                nonce=attempt.nonce,
            )
            for attempt in delivery.attempts
        ],
    )


def _customer_view(corp: Corp, customer: Customer) -> CustomerView:
    relations = followers(corp, customer.external_userid)
    mobiles = [mobile for relation in relations for mobile in relation.remark_mobiles]
    return CustomerView(
        external_userid=customer.external_userid,
        name=customer.name,
        type=customer.type,
        unionid=customer.unionid,
        remark_mobiles=list(dict.fromkeys(mobiles)),
        followed_by=[relation.userid for relation in relations],
    )


def _account_view(account: KfAccount) -> KfAccountView:
    return KfAccountView(
        open_kfid=account.open_kfid,
        name=account.name,
        servicers=dict(account.servicers),
        messages=len(account.records),
    )


def _line(account: KfAccount, record: KfRecord) -> Line:
    item = record.item
    msgtype, msgid = str(item.get("msgtype", "")), str(item["msgid"])
    origin, sent_at = item.get("origin"), item.get("send_time")
    return Line(
        # The provider tells whole seconds; the order within one is that of arrival.
        at=record.stored_at if sent_at == int(record.stored_at.timestamp()) else _moment(sent_at, record.stored_at),
        origin=_ORIGINS.get(origin, "event") if isinstance(origin, int) else "event",
        msgid=msgid,
        msgtype=msgtype,
        text=readable(msgtype, item.get(msgtype)),
        recalled=msgid in account.recalled,
    )


def _sent_line(sent: KfSent) -> Line:
    return Line(
        at=sent.at,
        origin="hub",
        msgid=sent.msgid,
        msgtype=sent.msgtype,
        text=readable(sent.msgtype, sent.body),
        failed=sent.failed,
    )


def _moment(value: object, otherwise: datetime) -> datetime:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else otherwise
