"""The simulator as something one starts, configures, looks at and builds a hub against."""

from __future__ import annotations

import ast
import base64
import importlib.util
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from aiohttp import web
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.work.crypto import WeChatCrypto

from scrm.cli.simulate import simulate
from scrm.simulate import ControlRefused, SimulatedWeCom, SimulatorControl, populate, read_world, running
from scrm.simulate.clock import SkippingClock
from scrm.simulate.commands import AddApp, AddContact, AddCorp, AddKfAccount, Callback, SayInKf
from scrm.simulate.wire import ApiError, callback_xml, decode_object

from .conftest import CORP, ZHOU, Api, Receiver

SEED = """
archive_keys = 1
[corp]
corp_id = "wwtest"
name = "测试企业"
[[apps]]
name = "kf"
kind = "kf"
[[members]]
userid = "A"
[[kf_accounts]]
name = "咨询"
servicers = ["A"]
"""


async def test_the_page_is_served_and_names_no_other_host(api: Api) -> None:
    async with api.http.get(api.url) as answer:
        page = await answer.text()

    assert "企业微信模拟器" in page
    assert [word for word in page.replace('"', " ").replace("'", " ").split() if word.startswith("https://")] == []


async def test_what_cannot_be_done_is_refused_with_a_reason(control: SimulatorControl) -> None:
    with pytest.raises(ControlRefused, match="没有客户 wm-nobody"):
        await control.say("wm-nobody", "在吗")
    with pytest.raises(ControlRefused, match="没有应用 'nothing'"):
        await control.revoke_token("nothing")
    with pytest.raises(ControlRefused, match="已经是 LinXiaoYu 的客户"):
        await control.add_contact(AddContact(userid="LinXiaoYu", external_userid=ZHOU))
    with pytest.raises(ControlRefused, match="43 characters"):
        await control.set_callback("kf", "http://127.0.0.1:1/", aes_key="short")


async def test_a_body_that_is_no_command_is_refused(api: Api) -> None:
    async with api.http.post(f"{api.url}/_sim/kf/say", data=b'{"nonsense": 1}') as answer:
        assert answer.status == 400
        assert "nonsense" in (await answer.json())["error"]
    async with api.http.post(f"{api.url}/_sim/no-such-thing") as answer:
        assert answer.status == 404


async def test_a_reset_starts_anew(control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")

    empty = await control.reset(default_world=False)
    fresh = await control.reset()

    assert empty.corps == []
    assert [corp.corp_id for corp in fresh.corps] == [CORP]
    assert fresh.corps[0].kf_accounts[0].messages == 0


async def test_a_second_corp_has_its_own_people_and_secrets(api: Api, control: SimulatorControl) -> None:
    other = await control.add_corp(AddCorp(name="另一家"))
    app = await control.add_app(AddApp(corp=other.corp_id, name="kf", kind="kf", callback=Callback()))
    account = await control.add_kf_account(AddKfAccount(corp=other.corp_id, name="客服"))
    answer = await api.get("gettoken", corpid=other.corp_id, corpsecret=app.secret)

    listed = await api.get("kf/account/list", access_token=answer["access_token"])
    with pytest.raises(ControlRefused, match="没有客户"):
        await control.say_in_kf(SayInKf(corp=other.corp_id, external_userid=ZHOU, text="x"))

    assert [one["open_kfid"] for one in listed["account_list"]] == [account]


async def test_a_hub_that_opens_callbacks_passes_verification(control: SimulatorControl, receiver: Receiver) -> None:
    crypto = WeChatCrypto("simKfToken7731", "SimKfKeyB2x4Cv6Bn8Mz1Lk3Jh5Gf7Ds9Ap2Oi4UyTA", CORP)

    async def echo(request: web.Request) -> web.Response:
        query = request.query
        plain = crypto.check_signature(query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"])
        return web.Response(text=plain if isinstance(plain, str) else plain.decode())

    app = web.Application()
    app.router.add_get("/callbacks/wecom-kf", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await control.connect(f"http://127.0.0.1:{runner.addresses[0][1]}/")

    accepted, refused = await control.verify_url("kf"), await control.verify_url("sales")
    await runner.cleanup()

    assert (accepted.ok, accepted.detail) == (True, "")
    assert (refused.ok, refused.status) == (False, 404)


async def test_the_settings_for_a_hub_are_toml_with_keys_that_open_the_archive(control: SimulatorControl) -> None:
    channels = tomllib.loads(await control.hub_settings())["channels"]

    assert [table["kind"] for table in channels.values()] == ["wecom_app", "wecom_kf", "wecom_archive"]
    assert channels["wecom-archive"]["sdk_url"].endswith("/_sim/finance")
    assert sorted(channels["wecom-archive"]["private_keys"]) == ["1", "2"]


def test_the_same_seed_gives_the_same_keys_and_ids() -> None:
    first, second, other = SimulatedWeCom(seed=7), SimulatedWeCom(seed=7), SimulatedWeCom(seed=8)
    corps = [populate(sim, read_world()) for sim in (first, second, other)]
    keys = [corp.archive.keys[1] for corp in corps]
    numbers = [key.private_numbers() for key in keys]

    assert numbers[0] == numbers[1] != numbers[2]
    assert first.new_id("wm") == second.new_id("wm") != other.new_id("wm")
    assert all(isinstance(key, RSAPrivateKey) and key.key_size == 2048 for key in keys)
    assert keys[0].decrypt(keys[0].public_key().encrypt(b"secret", PKCS1v15()), PKCS1v15()) == b"secret"


async def test_an_operator_keeps_the_keys_the_simulator_hands_out(control: SimulatorControl) -> None:
    rotated = await control.add_archive_key()

    keys = await control.archive_keys()

    assert [key.version for key in keys] == [1, 2, rotated.version]
    assert all(load_pem_private_key(key.private_pem.encode(), None) for key in keys)


def test_a_seed_file_describes_a_whole_corp(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(SEED, "utf-8")
    sim = SimulatedWeCom()

    corp = populate(sim, read_world(file))

    assert (corp.corp_id, list(corp.apps), list(corp.members)) == ("wwtest", ["kf"], ["A"])
    assert len(base64.b64decode(corp.apps["kf"].callback.aes_key + "=")) == 32


def test_an_unreadable_seed_file_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    file.write_text('[[members]]\nuserid = "A"\nfavourite = 3\n', "utf-8")

    result = CliRunner().invoke(simulate, ["wecom", "--seed", str(file), "--port", "0"])

    assert result.exit_code == 1
    assert "读不懂" in result.output
    assert "favourite" in result.output


async def test_a_port_that_is_taken_is_explained() -> None:
    sim = SimulatedWeCom()
    async with running(sim) as server:
        with pytest.raises(OSError, match="address already in use"):
            async with running(SimulatedWeCom(), port=int(server.url.rsplit(":", 1)[1])):
                pass


def test_the_clock_only_goes_forward() -> None:
    clock = SkippingClock(lambda: datetime(2026, 1, 1, tzinfo=UTC))

    clock.advance(timedelta(hours=1))

    assert clock.now().hour == 1
    with pytest.raises(ValueError, match="only goes forward"):
        clock.advance(timedelta(seconds=-1))


def test_the_simulator_shares_no_code_with_what_it_tests() -> None:
    spec = importlib.util.find_spec("scrm.simulate")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0])
    imported = {
        node.module or ""
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    }

    assert {name for name in imported if name.startswith(("scrm", "connectors"))} == {
        name for name in imported if name.split(".")[:2] == ["scrm", "simulate"]
    }
    assert not {name for name in imported if name.startswith("wechatpy")}


_WRITABLE = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")


@given(st.text(_WRITABLE), st.lists(st.text(_WRITABLE), max_size=3))
def test_any_text_survives_a_callback_in_xml(text: str, repeated: list[str]) -> None:
    root = ET.fromstring(callback_xml({"Content": text, "Item": repeated, "CreateTime": 3}))

    assert (root.findtext("Content") or "") == text
    assert [element.text or "" for element in root.iter("Item")] == repeated
    assert root.findtext("CreateTime") == "3"


@given(st.text())
def test_control_characters_never_break_a_callback_in_xml(text: str) -> None:
    try:
        encoded = callback_xml({"Content": text}).encode()
    except UnicodeEncodeError:
        return

    assert ET.fromstring(encoded).tag == "xml"


@given(st.binary(max_size=80))
def test_any_request_body_is_an_object_or_refused(body: bytes) -> None:
    code = 0
    try:
        decode_object(body)
    except ApiError as refused:
        code = refused.code

    assert code in {0, 47001}


async def test_a_body_that_is_not_json_is_answered_with_47001(api: Api) -> None:
    url, query = f"{api.url}/cgi-bin/kf/account/list", {"access_token": await api.token("kf")}
    async with api.http.post(url, params=query, data=b"\xff{") as answer:
        assert (await answer.json())["errcode"] == 47001


async def test_calls_before_the_start_wait_and_are_sent_then(receiver: Receiver, control: SimulatorControl) -> None:
    sim = SimulatedWeCom()
    populate(sim)
    sim.app("kf").callback = sim.app("kf").callback.model_copy(update={"url": f"{receiver.url}/kf"})
    sim.pusher.push(sim.app("kf"), {"N": 1})

    async with running(sim) as server, SimulatorControl(server.url) as early:
        await early.settled()

    assert len(receiver.got) == 1


async def test_a_simulator_that_is_not_running_is_told_of() -> None:
    async with SimulatorControl("http://127.0.0.1:9") as control:
        with pytest.raises(aiohttp.ClientError):
            await control.state()
