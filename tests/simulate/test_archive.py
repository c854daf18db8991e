"""The archive: envelopes that need the right private key, notices that are few, files in pieces."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from scrm.simulate import SimulatorControl
from scrm.simulate.commands import AddArchiveMedia, AddFault, ArchiveMany, ArchiveMessage, ChangeSettings

from .conftest import CORP, SECRETS, ZHOU, Api, Receiver


async def read_all(api: Api, control: SimulatorControl, seq: int = 0) -> list[dict]:
    """The messages after `seq`, opened with the operator's keys and the SDK's second step."""
    keys = {key.version: load_pem_private_key(key.private_pem.encode(), None) for key in await control.archive_keys()}
    texts = []
    for envelope in (await api.finance("get_chat_data", {"seq": seq, "limit": 1000}))["chatdata"]:
        key = keys[envelope["publickey_ver"]]
        assert isinstance(key, RSAPrivateKey)
        secret = key.decrypt(base64.b64decode(envelope["encrypt_random_key"]), PKCS1v15()).decode()
        opened = await api.finance("decrypt_data", {"encrypt_key": secret, "encrypt_msg": envelope["encrypt_chat_msg"]})
        texts.append(opened["message"])
    return [json.loads("".join(char for char in text if char >= " ")) for text in texts]


async def test_a_message_opens_with_the_key_of_its_version(api: Api, control: SimulatorControl) -> None:
    await control.archive(ArchiveMessage(sender="LinXiaoYu", to=[ZHOU], text="年付打九折", publickey_ver=1))
    await control.add_archive_key()
    await control.archive_text(ZHOU, ["LinXiaoYu"], "好的")

    first, second = await read_all(api, control)
    envelopes = (await api.finance("get_chat_data", {"seq": 0, "limit": 1000}))["chatdata"]

    assert [envelope["publickey_ver"] for envelope in envelopes] == [1, 3]
    assert set(envelopes[0]) == {"seq", "msgid", "publickey_ver", "encrypt_random_key", "encrypt_chat_msg"}
    assert first == {
        "msgid": envelopes[0]["msgid"],
        "action": "send",
        "from": "LinXiaoYu",
        "tolist": [ZHOU],
        "roomid": "",
        "msgtime": 1772443800000,
        "msgtype": "text",
        "text": {"content": "年付打九折"},
    }
    assert first["msgid"].endswith("_external")
    assert second["from"] == ZHOU


async def test_sequence_numbers_grow_with_gaps_and_pages_follow(api: Api, control: SimulatorControl) -> None:
    await control.archive_many(ArchiveMany(sender="LinXiaoYu", to=[ZHOU], count=3))
    await control.archive(ArchiveMessage(sender="LinXiaoYu", to=[ZHOU], text="跳号", skip_seq=10))

    first = (await api.finance("get_chat_data", {"seq": 0, "limit": 2}))["chatdata"]
    rest = (await api.finance("get_chat_data", {"seq": first[-1]["seq"], "limit": 100}))["chatdata"]

    assert [envelope["seq"] for envelope in [*first, *rest]] == [1, 2, 3, 14]


async def test_recalls_other_types_and_control_characters_pass_through(api: Api, control: SimulatorControl) -> None:
    sent = await control.archive(
        ArchiveMessage(sender="LinXiaoYu", to=[ZHOU], text="报错价了", control_characters=True)
    )
    await control.recall_in_archive(sent.msgid)
    await control.archive(
        ArchiveMessage(
            sender=ZHOU, to=["LinXiaoYu"], msgtype="docmsg", body_key="doc", body={"title": "合同"}, fields={"x": 1}
        )
    )
    await control.archive(ArchiveMessage(sender="LinXiaoYu", action="switch"))

    _, revoke, document, switch = await read_all(api, control)

    assert (revoke["action"], revoke["msgtype"], revoke["revoke"]) == ("recall", "revoke", {"pre_msgid": sent.msgid})
    assert (document["msgtype"], document["doc"], document["x"]) == ("docmsg", {"title": "合同"}, 1)
    assert set(switch) == {"msgid", "action", "time", "user"}


async def test_files_come_in_pieces_of_half_a_mebibyte(api: Api, control: SimulatorControl) -> None:
    sdkfileid = await control.add_archive_media(AddArchiveMedia(size=1_200_000))

    sizes, index, finished = [], "", 0
    while not finished:
        piece = await api.finance("get_media", {"sdkfileid": sdkfileid, "indexbuf": index})
        sizes.append(len(base64.b64decode(piece["data"])))
        index, finished = piece["outindexbuf"], piece["is_finish"]

    assert sizes == [524288, 524288, 151424]
    await control.advance(5 * 86400 + 1)
    assert (await api.finance("get_media", {"sdkfileid": sdkfileid, "indexbuf": ""}))["errcode"] == 10010
    assert (await api.finance("get_media", {"sdkfileid": "gone", "indexbuf": ""}))["errcode"] == 10005


async def test_the_sdk_answers_with_its_own_error_numbers(api: Api, control: SimulatorControl) -> None:
    await control.archive_text("LinXiaoYu", [ZHOU], "你好")
    envelope = (await api.finance("get_chat_data", {"seq": 0, "limit": 1}))["chatdata"][0]
    await control.add_fault(AddFault(endpoint="finance/get_chat_data", kind="errcode", errcode=10001, times=1))

    codes = [
        (await api.finance("get_chat_data", {"seq": 0, "limit": 1}))["errcode"],
        (await api.finance("get_chat_data", {"seq": 0, "limit": 1001}))["errcode"],
        (await api.finance("get_chat_data", {"seq": 0, "limit": 1, "corpid": "ww-other"}))["errcode"],
        (await api.finance("get_chat_data", {"seq": 0, "limit": 1, "corpid": CORP, "secret": "bad"}))["errcode"],
        (await api.finance("decrypt_data", {"encrypt_key": "", "encrypt_msg": ""}))["errcode"],
        (await api.finance("decrypt_data", {"encrypt_key": "k", "encrypt_msg": envelope["encrypt_chat_msg"]}))[
            "errcode"
        ],
    ]

    assert codes == [10001, 10000, 10000, 10000, 10008, 10006]
    good = {"seq": 0, "limit": 1, "corpid": CORP, "secret": SECRETS["archive"]}
    assert (await api.finance("get_chat_data", good))["errcode"] == 0


async def test_messages_are_kept_five_days(api: Api, control: SimulatorControl) -> None:
    await control.archive_text("LinXiaoYu", [ZHOU], "旧")
    await control.advance(5 * 86400 + 1)
    newer = await control.archive_text("LinXiaoYu", [ZHOU], "新")

    kept = (await api.finance("get_chat_data", {"seq": 0, "limit": 10}))["chatdata"]

    assert [envelope["msgid"] for envelope in kept] == [newer.msgid]


async def test_notices_closer_than_the_interval_become_one(receiver: Receiver, control: SimulatorControl) -> None:
    await control.change_settings(ChangeSettings(notify_interval_s=15))
    for number in range(5):
        await control.archive_text("LinXiaoYu", [ZHOU], f"第 {number} 条")
    await control.settled()
    before = len(receiver.got)
    await control.advance(15)
    await control.settled()

    assert (before, len(receiver.got)) == (1, 2)
    assert (await control.deliveries())[0].label == "event/msgaudit_notify"


async def test_an_unknown_key_version_cannot_be_used(control: SimulatorControl) -> None:
    with pytest.raises(Exception, match="没有版本 9 的公钥"):
        await control.archive(ArchiveMessage(sender="LinXiaoYu", to=[ZHOU], text="x", publickey_ver=9))
