"""Tokens behave as documented, and the wire looks as it does at the provider."""

from __future__ import annotations

import aiohttp
import pytest

from scrm.simulate import SimulatedWeCom, SimulatorControl, populate, running
from scrm.simulate.commands import AddFault, ChangeSettings, SetAccess

from .conftest import CORP, KF, SECRETS, Api


async def test_the_same_token_comes_until_it_expires(api: Api, control: SimulatorControl) -> None:
    first = await api.get("gettoken", corpid=CORP, corpsecret=SECRETS["kf"])
    await control.advance(7000)
    second = await api.get("gettoken", corpid=CORP, corpsecret=SECRETS["kf"])
    await control.advance(201)
    third = await api.get("gettoken", corpid=CORP, corpsecret=SECRETS["kf"])

    assert (first["errcode"], first["expires_in"], second["expires_in"]) == (0, 7200, 200)
    assert first["access_token"] == second["access_token"] != third["access_token"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"corpsecret": "x"}, 41002),
        ({"corpid": CORP}, 41004),
        ({"corpid": "ww-other", "corpsecret": "x"}, 40013),
        ({"corpid": CORP, "corpsecret": "x"}, 40001),
    ],
)
async def test_a_wrong_request_for_a_token_is_told_apart(api: Api, query: dict[str, str], code: int) -> None:
    assert (await api.get("gettoken", **query))["errcode"] == code


async def test_a_simulator_on_the_real_clock_gives_tokens_too() -> None:
    sim = SimulatedWeCom()
    populate(sim)
    async with running(sim) as server, aiohttp.ClientSession() as http:
        assert await Api(server.url, http).token("kf")


async def test_absent_revoked_and_expired_tokens_have_different_codes(api: Api, control: SimulatorControl) -> None:
    absent = await api.get("kf/account/list")
    token = await api.token("kf")
    await control.advance(7300)
    expired = await api.get("kf/account/list", access_token=token)
    api.tokens.clear()
    fresh = await api.token("kf")
    await control.revoke_token("kf")
    revoked = await api.get("kf/account/list", access_token=fresh)

    assert [absent["errcode"], expired["errcode"], revoked["errcode"]] == [41001, 42001, 40014]


async def test_a_refusal_carries_ornaments_and_a_success_unknown_fields(api: Api) -> None:
    refused = await api.get("kf/account/list")
    granted = await api.read("kf", "kf/account/list")

    assert "hint: [" in refused["errmsg"]
    assert "from ip: 127.0.0.1" in refused["errmsg"]
    assert "unknown_to_clients" in granted


async def test_answers_are_utf8_json_and_unknown_endpoints_404(api: Api) -> None:
    async with api.http.get(f"{api.url}/cgi-bin/gettoken") as answer:
        assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    async with api.http.get(f"{api.url}/cgi-bin/nothing/here") as answer:
        assert answer.status == 404


async def test_addresses_and_permissions_can_be_denied(api: Api, control: SimulatorControl) -> None:
    await control.set_access(SetAccess(app="kf", denied=["kf/account/list"]))
    denied = await api.read("kf", "kf/account/list")
    await control.set_access(SetAccess(app="kf", allowed_ips=["10.0.0.1"]))
    foreign = await api.read("kf", "kf/account/list")

    assert (denied["errcode"], foreign["errcode"]) == (48002, 60020)


async def test_faults_strike_as_often_as_ordered(api: Api, control: SimulatorControl) -> None:
    await control.add_fault(AddFault(endpoint="kf/account/list", kind="errcode", errcode=45009, times=1))
    await control.add_fault(AddFault(endpoint="kf/account/list", kind="status", status=502, times=1))
    token = await api.token("kf")

    assert (await api.get("kf/account/list", access_token=token))["errcode"] == 45009
    async with api.http.get(f"{api.url}/cgi-bin/kf/account/list?access_token={token}") as answer:
        assert answer.status == 502
    assert (await api.get("kf/account/list", access_token=token))["errcode"] == 0
    assert await control.faults() == []


async def test_connections_break_and_answers_stop_halfway_when_ordered(api: Api, control: SimulatorControl) -> None:
    token = await api.token("kf")
    await control.add_fault(AddFault(kind="reset", times=2))  # a client may silently repeat a GET once
    with pytest.raises(aiohttp.ClientError):
        await api.get("kf/account/list", access_token=token)
    await control.clear_faults()

    await control.add_fault(AddFault(kind="truncated", times=1))
    with pytest.raises(ValueError):
        await api.get("kf/account/list", access_token=token)


async def test_too_many_calls_a_minute_are_throttled_and_recorded(api: Api, control: SimulatorControl) -> None:
    await control.change_settings(ChangeSettings(api_per_minute=3))
    codes = [(await api.read("kf", "kf/account/list"))["errcode"] for _ in range(4)]
    await control.advance(61)

    assert codes == [0, 0, 0, 45009]
    assert (await api.read("kf", "kf/account/list"))["errcode"] == 0
    assert [violation.rule for violation in await control.violations()] == ["too-many-calls"]


async def test_a_token_storm_is_recorded_once(api: Api, control: SimulatorControl) -> None:
    for _ in range(8):
        await api.get("gettoken", corpid=CORP, corpsecret=SECRETS["kf"])

    assert [violation.rule for violation in await control.violations()] == ["token-storm"]


async def test_guessing_secrets_blocks_the_address_for_an_hour(api: Api, control: SimulatorControl) -> None:
    codes = [(await api.get("gettoken", corpid=CORP, corpsecret="wrong"))["errcode"] for _ in range(22)]
    blocked = await api.get("gettoken", corpid=CORP, corpsecret=SECRETS["kf"])
    await control.advance(3601)

    assert codes[0] == 40001
    assert blocked["errcode"] == codes[-1] == 45009
    assert (await api.get("gettoken", corpid=CORP, corpsecret=SECRETS["kf"]))["errcode"] == 0


async def test_asking_again_unchanged_after_a_refusal_is_recorded(api: Api, control: SimulatorControl) -> None:
    body = {"touser": "wm-nobody", "open_kfid": KF, "msgtype": "text", "text": {}}
    await api.post("kf", "kf/send_msg", {**body, "msgid": "bad id!"})
    await api.post("kf", "kf/sync_msg", {"open_kfid": KF, "cursor": "bogus"})
    await api.post("kf", "kf/sync_msg", {"open_kfid": KF, "cursor": "bogus"})

    assert [violation.rule for violation in await control.violations()] == ["retried-after-refusal"]


async def test_the_request_log_hides_secrets(api: Api, control: SimulatorControl) -> None:
    await api.token("kf")

    logged = await control.requests(last=1)

    assert (logged[0].endpoint, logged[0].app, logged[0].query["corpsecret"]) == ("gettoken", "kf", "***")
