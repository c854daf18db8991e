"""Callbacks: what arrives is what the provider would send, also when it goes astray."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.work.crypto import WeChatCrypto

from scrm.simulate import SimulatorControl, crypto
from scrm.simulate.commands import AddContact, ChangeSettings, DeleteContact, EditContact, Mischief, PushMany

from .conftest import CORP, SU, ZHOU, Receiver

TOKEN = "simKfToken7731"
AES_KEY = "SimKfKeyB2x4Cv6Bn8Mz1Lk3Jh5Gf7Ds9Ap2Oi4UyTA"


def opened(receiver: Receiver, place: int, token: str = TOKEN, aes_key: str = AES_KEY) -> dict[str, str]:
    """The fields of a callback, opened by the library that connectors use."""
    query, body = receiver.got[place]
    plain = WeChatCrypto(token, aes_key, CORP).decrypt_message(
        body, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return {element.tag: element.text or "" for element in ET.fromstring(plain)}


def opened_for_sales(receiver: Receiver, place: int) -> dict[str, str]:
    return opened(receiver, place, "simSalesToken2049", "SimSalesKeyA7d9Qw3Er5Ty7Ui9Op1As3Df5Gh7Jk8A")


async def test_the_library_of_the_connectors_opens_a_kf_notice(receiver: Receiver, control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")
    await control.settled()

    fields = opened(receiver, 0)

    assert list(fields) == ["ToUserName", "CreateTime", "MsgType", "Event", "Token", "OpenKfId"]
    assert (fields["ToUserName"], fields["Event"]) == (CORP, "kf_msg_or_event")


async def test_the_published_rules_of_signature_and_cipher_hold(receiver: Receiver, control: SimulatorControl) -> None:
    await control.push_raw("kf", "<xml><A>一</A></xml>")
    await control.settled()
    query, body = receiver.got[0]
    encrypted = ET.fromstring(body).findtext("Encrypt") or ""

    signed = hashlib.sha1("".join(sorted([TOKEN, query["timestamp"], query["nonce"], encrypted])).encode())
    key = base64.b64decode(AES_KEY + "=")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    padded = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
    content = padded[: -padded[-1]]
    (length,) = struct.unpack(">I", content[16:20])

    assert query["msg_signature"] == signed.hexdigest()
    assert len(padded) % 32 == 0
    assert 1 <= padded[-1] <= 32
    assert content[20 : 20 + length].decode() == "<xml><A>一</A></xml>"
    assert content[20 + length :].decode() == CORP


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_what_is_sealed_can_be_opened(plain: bytes, random: bytes) -> None:
    ciphertext = crypto.seal(plain, aes_key=AES_KEY, receive_id=CORP, random=random)

    assert crypto.unseal(ciphertext, aes_key=AES_KEY) == (plain, CORP)


async def test_a_failing_receiver_gets_four_attempts_each_sealed_anew(
    receiver: Receiver, control: SimulatorControl
) -> None:
    receiver.answers = [500, 403, 200]
    await control.say(ZHOU, "在吗")
    await control.settled()
    receiver.answers = [500] * 9
    await control.say(ZHOU, "在吗")
    await control.settled()

    deliveries = await control.deliveries(app="kf")

    assert [attempt.status for attempt in deliveries[0].attempts] == [500, 403, 200]
    assert [len(one.attempts) for one in deliveries] == [3, 4]
    assert [one.outcome for one in deliveries] == ["delivered", "failed"]
    assert opened(receiver, 0) == opened(receiver, 1) == opened(receiver, 2)
    assert len({query["nonce"] for query, _ in receiver.got[:3]}) == 3
    assert len({body for _, body in receiver.got[:3]}) == 3


async def test_a_slow_receiver_is_given_up_and_tried_again(receiver: Receiver, control: SimulatorControl) -> None:
    receiver.delay_s = 0.5
    await control.change_settings(ChangeSettings(callback_timeout_s=0.05, callback_attempts=2))
    await control.say(ZHOU, "在吗")
    await control.settled()

    delivery = (await control.deliveries())[0]

    assert (delivery.outcome, [attempt.status for attempt in delivery.attempts]) == ("failed", [None, None])


async def test_mischief_drops_duplicates_and_reorders(receiver: Receiver, control: SimulatorControl) -> None:
    await control.misbehave(Mischief(app="kf", drop_next=1))
    await control.push("kf", {"N": 1})
    await control.misbehave(Mischief(app="kf", duplicates=1))
    await control.push("kf", {"N": 2})
    await control.settled()
    await control.change_settings(ChangeSettings(callback_concurrency=1))
    await control.misbehave(Mischief(app="kf", reorder=3))
    for number in (3, 4, 5, 6):
        await control.push("kf", {"N": number})
    await control.settled()

    assert [opened(receiver, place)["N"] for place in range(6)] == ["2", "2", "5", "4", "3", "6"]
    assert (await control.deliveries())[0].outcome == "dropped"


async def test_wrong_signatures_and_foreign_receivers_are_sent_when_asked(
    receiver: Receiver, control: SimulatorControl
) -> None:
    await control.misbehave(Mischief(app="kf", wrong_signature_next=1))
    await control.push("kf", {"N": 1})
    await control.settled()
    await control.misbehave(Mischief(app="kf", wrong_receive_id_next=1))
    await control.push("kf", {"N": 2})
    await control.settled()

    with pytest.raises(Exception, match="-40001"):
        opened(receiver, 0)
    with pytest.raises(Exception, match="-40005"):
        opened(receiver, 1)


async def test_the_url_is_verified_as_the_console_does(receiver: Receiver, control: SimulatorControl) -> None:
    receiver.echo = b'"quoted"'

    verification = await control.verify_url("kf")

    assert (verification.ok, verification.status) == (False, 200)
    assert "解密后的" in verification.detail


async def test_json_callbacks_are_json_in_and_out(receiver: Receiver, control: SimulatorControl) -> None:
    await control.set_callback("kf", f"{receiver.url}/kf", as_json=True)
    await control.say(ZHOU, "在吗")
    await control.settled()

    envelope = json.loads(receiver.got[0][1])
    plain, receive_id = crypto.unseal(envelope["Encrypt"], aes_key=AES_KEY)

    assert (receive_id, json.loads(plain)["Event"]) == (CORP, "kf_msg_or_event")


async def test_texts_that_would_break_xml_arrive_whole(receiver: Receiver, control: SimulatorControl) -> None:
    await control.push("kf", {"Content": "a]]>b<c>&\x01d", "List": ["x", "y"], "Nested": {"In": 1}})
    await control.settled()

    assert opened(receiver, 0)["Content"] == "a]]>b<c>&d"


async def test_contacts_tell_of_their_beginning_change_and_end(receiver: Receiver, control: SimulatorControl) -> None:
    await control.change_settings(ChangeSettings(callback_concurrency=1))
    new = await control.add_contact(
        AddContact(userid="ChenHao", name="秦岚", remark_mobiles=["13700000003"], state="q1")
    )
    await control.edit_contact(EditContact(userid="ChenHao", external_userid=new, remark="秦总"))
    await control.edit_contact(EditContact(userid="ChenHao", external_userid=new, remark_mobiles=["13700000004"]))
    await control.delete_contact(DeleteContact(userid="ChenHao", external_userid=new))
    await control.delete_contact(DeleteContact(userid="ChenHao", external_userid=SU, by="customer"))
    await control.settled()

    events = [opened_for_sales(receiver, place) for place in range(len(receiver.got))]

    assert [event["ChangeType"] for event in events] == [
        "add_external_contact",
        "edit_external_contact",
        "del_external_contact",
        "del_follow_user",
    ]
    assert (events[0]["State"], events[0]["ExternalUserID"], events[0]["UserID"]) == ("q1", new, "ChenHao")
    assert events[0]["WelcomeCode"]


async def test_a_member_writes_to_the_application(receiver: Receiver, control: SimulatorControl) -> None:
    msgid = await control.write_to_app("LinXiaoYu", "今天的线索?")
    await control.settled()

    fields = opened_for_sales(receiver, 0)

    assert (fields["MsgType"], fields["Content"], fields["MsgId"]) == ("text", "今天的线索?", msgid)


async def test_many_callbacks_are_pushed_at_once_and_accounted_for(
    receiver: Receiver, control: SimulatorControl
) -> None:
    receiver.answers = [500] * 20
    messages = [{"MsgType": "text", "MsgId": number} for number in range(300)]

    summary = await control.push_many(PushMany(app="kf", messages=messages, retry_after_s=0))

    assert sorted(summary.acknowledged, key=int) == [str(number) for number in range(300)]
    assert (summary.failed, summary.attempts) == ([], 320)


async def test_pushing_to_nobody_fails_every_id(control: SimulatorControl) -> None:
    await control.set_callback("kf", "http://127.0.0.1:9/nobody")

    summary = await control.push_many(PushMany(app="kf", messages=[{"A": 1}, {"A": 2}], attempts=2, retry_after_s=0))

    assert (summary.acknowledged, summary.failed, summary.attempts) == ([], ["0", "1"], 4)
