"""Calling the API: tokens are fetched once, every error has a class, nothing is asked in vain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from connectors.wecom_platform.api import WecomApi
from connectors.wecom_platform.errors import ApiRefusal
from connectors.wecom_platform.tests.simulated import Simulated, simulated
from scrm.connector import ChannelMisconfigured, ChannelUnavailable
from scrm.simulate.commands import AddFault, SetAccess

ACCOUNTS = "/cgi-bin/kf/account/list"


@pytest.fixture
async def wecom() -> AsyncIterator[Simulated]:
    async with simulated() as running:
        yield running


def api_of(wecom: Simulated, *, secret: str = "") -> WecomApi:
    app = wecom.sim.app("kf")
    return WecomApi(wecom.context, url=wecom.server.url, corp_id=app.corp_id, secret=secret or app.secret)


async def test_many_calls_at_once_share_one_token(wecom: Simulated) -> None:
    api = api_of(wecom)

    await asyncio.gather(*(api.post(ACCOUNTS, {}) for _ in range(50)))

    assert wecom.calls("gettoken") == 1


async def test_a_token_revoked_under_fifty_calls_is_renewed_once(wecom: Simulated) -> None:
    api = api_of(wecom)
    await api.post(ACCOUNTS, {})
    await wecom.control.revoke_token("kf")

    answers = await asyncio.gather(*(api.post(ACCOUNTS, {}) for _ in range(50)))

    assert len(answers) == 50
    assert wecom.calls("gettoken") == 2


async def test_a_token_is_renewed_before_it_expires(wecom: Simulated) -> None:
    api = api_of(wecom)
    await api.post(ACCOUNTS, {})
    await wecom.control.advance(7200 - 60)

    await api.post(ACCOUNTS, {})

    assert [request.errcode for request in wecom.sim.requests] == [0, 0, 0, 0]


@pytest.mark.parametrize("code", [40014, 42001, 41001, 40001])
async def test_a_token_that_stays_refused_costs_two_calls_and_no_more(wecom: Simulated, code: int) -> None:
    await wecom.control.add_fault(AddFault(endpoint="kf/account/list", kind="errcode", errcode=code))

    with pytest.raises(ChannelUnavailable) as caught:
        await api_of(wecom).post(ACCOUNTS, {})

    assert caught.value.retry_after == timedelta(minutes=5)
    assert (wecom.calls("kf/account/list"), wecom.calls("gettoken")) == (2, 2)


async def test_a_wrong_secret_is_told_to_the_administrator_and_asked_for_once_a_minute(wecom: Simulated) -> None:
    api = api_of(wecom, secret="wrong")

    for _ in range(5):
        with pytest.raises(ChannelMisconfigured, match="secret"):
            await api.post(ACCOUNTS, {})

    assert wecom.calls("gettoken") == 1
    await wecom.control.advance(61)
    with pytest.raises(ChannelMisconfigured):
        await api.post(ACCOUNTS, {})
    assert wecom.calls("gettoken") == 2


async def test_a_foreign_address_is_told_to_the_administrator(wecom: Simulated) -> None:
    await wecom.control.set_access(SetAccess(app="kf", allowed_ips=["203.0.113.7"]))

    with pytest.raises(ChannelMisconfigured, match=r"可信IP.*127\.0\.0\.1"):
        await api_of(wecom).post(ACCOUNTS, {})


async def test_a_missing_permission_is_told_to_the_administrator(wecom: Simulated) -> None:
    await wecom.control.set_access(SetAccess(app="kf", denied=["kf/account/list"]))

    with pytest.raises(ApiRefusal, match="可调用接口的应用") as caught:
        await api_of(wecom).post(ACCOUNTS, {})

    assert caught.value.needs_administrator


async def test_an_unknown_code_is_a_refusal_that_carries_it(wecom: Simulated) -> None:
    await wecom.control.add_fault(AddFault(endpoint="kf/account/list", kind="errcode", errcode=99999))

    with pytest.raises(ApiRefusal, match="99999") as caught:
        await api_of(wecom).post(ACCOUNTS, {})

    assert not caught.value.needs_administrator


@pytest.mark.parametrize(("code", "wait"), [(45009, 60), (45033, 5), (-1, 5)])
async def test_a_busy_platform_says_when_to_come_back(wecom: Simulated, code: int, wait: int) -> None:
    await wecom.control.add_fault(AddFault(endpoint="kf/account/list", kind="errcode", errcode=code))

    with pytest.raises(ChannelUnavailable) as caught:
        await api_of(wecom).post(ACCOUNTS, {})

    assert caught.value.retry_after == timedelta(seconds=wait)


@pytest.mark.parametrize("endpoint", ["gettoken", "kf/account/list"])
@pytest.mark.parametrize("kind", ["status", "html", "truncated", "reset"])
async def test_an_answer_that_is_none_may_be_asked_for_later(wecom: Simulated, endpoint: str, kind: str) -> None:
    await wecom.control.add_fault(AddFault.model_validate({"endpoint": endpoint, "kind": kind}))

    with pytest.raises(ChannelUnavailable):
        await api_of(wecom).post(ACCOUNTS, {})

    await wecom.control.clear_faults()
    assert (await api_of(wecom).post(ACCOUNTS, {}))["account_list"]


async def test_no_error_text_holds_the_secret_or_a_token(wecom: Simulated) -> None:
    api, secret = api_of(wecom), wecom.sim.app("kf").secret
    await wecom.control.add_fault(AddFault(endpoint="*", kind="errcode", errcode=45009))

    with pytest.raises(ChannelUnavailable) as caught:
        await api.post(ACCOUNTS, {})

    assert secret not in str(caught.value)
