from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scrm.core.errors import BadSettings
from scrm.core.scripts import Script, ScriptIndex
from scrm.core.tagging import SELLER_SIDE, Questions, TagKind, Utterance, tag_messages
from scrm.core.timeline import Speaker
from scrm.script_packs import (
    check_packs,
    load_forbidden_words,
    load_lexicon,
    load_packs,
    load_rules,
    load_words,
    package_folders,
    read_pack,
    read_rules,
    script_packages,
)
from scrm.text import segmenter

BUILTIN = ("scripts_library",)
QUESTIONS = Path(__file__).parent / "fixtures" / "script_questions.jsonl"
NOW = datetime(2026, 10, 1, tzinfo=UTC)

PACK = """
id = "gym"
name = "健身房"
trade = "健身"
version = "1"

[categories]
price = "价格"

[stages]
new = "新咨询"

[variables]
price = "现价"
rep_name = "顾问"
"""
GOOD = """# 价格

+++
id = "card"
title = "年卡多少钱"
category = "price"
stage = "new"
intents = ["ask_price"]
triggers = ["年卡多少钱", "办卡怎么收费"]
variables = ["price:年卡", "rep_name"]
valid_from = 2026-11-01
valid_to = 2026-11-11
channels = ["kf"]
+++
年卡是{price:年卡}，我是{rep_name|教练}。

+++
id = "hello"
title = "问候"
category = "price"
+++
您好！
"""


def write(folder: Path, scripts: str, pack: str = PACK) -> Path:
    (folder / "pack.toml").write_text(pack, encoding="utf-8")
    (folder / "scripts.md").write_text(scripts, encoding="utf-8")
    return folder


def script(head: str = "", text: str = "您好。", name: str = "a") -> str:
    return f'+++\nid = "{name}"\ntitle = "题"\ncategory = "price"\n{head}\n+++\n{text}\n'


def complaints(folder: Path) -> list[str]:
    _, problems = check_packs([folder], BUILTIN)
    return [str(problem) for problem in problems if "没有话术用到它" not in problem.message]


def test_a_pack_is_read_from_its_folder(tmp_path: Path) -> None:
    reading = read_pack(write(tmp_path, GOOD))

    assert reading.problems == ()
    assert reading.pack is not None
    assert (reading.pack.id, reading.pack.language, reading.pack.stages) == ("gym", "zh-CN", {"new": "新咨询"})
    assert reading.pack.scripts[0] == Script(
        pack="gym",
        id="card",
        title="年卡多少钱",
        text="年卡是{price:年卡}，我是{rep_name|教练}。",
        category="price",
        stage="new",
        intents=("ask_price",),
        triggers=("年卡多少钱", "办卡怎么收费"),
        channels=frozenset({"kf"}),
        # Midnight in Shanghai; the last day counts in full.
        valid_from=datetime(2026, 10, 31, 16, tzinfo=UTC),
        valid_until=datetime(2026, 11, 11, 16, tzinfo=UTC),
    )
    assert reading.pack.scripts[1].id == "hello"
    assert reading.places["hello"].endswith("scripts.md")


def test_a_good_pack_has_no_problems(tmp_path: Path) -> None:
    packs, problems = check_packs([write(tmp_path, GOOD)], BUILTIN)

    assert problems == ()
    assert [len(pack.scripts) for pack in packs] == [2]


def test_windows_line_ends_and_a_byte_order_mark_are_no_problem(tmp_path: Path) -> None:
    write(tmp_path, "")
    (tmp_path / "scripts.md").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert complaints(tmp_path) == []


@pytest.mark.parametrize(
    ("head", "text", "complaint"),
    [
        ('category2 = "x"', "好", "[a] category2：没有这一项"),
        ("triggers = 3", "好", "[a] triggers：应为列表"),
        ('stage = "old"', "好", "[a] pack.toml 里没有阶段 'old'"),
        ("", "", "[a] +++ 下面没有话术正文"),
        ('variables = ["rep_name"]', "好", "[a] variables 里声明了 'rep_name'"),
        ("", "我是{rep_name}", "[a] 正文用到变量 'rep_name'，请写进 variables"),
        ('variables = ["boss"]', "{boss}", "[a] pack.toml 的 [variables] 里没有 'boss'"),
        ('variables = ["price:年卡"]', "{price:年卡|三千}", "[a] 'price:年卡' 来自价格本"),
        ("", "我是{Rep}", "[a] '{Rep}' 不是变量"),
        ("valid_from = 2026-11-02\nvalid_to = 2026-11-01", "好", "[a] valid_to 早于 valid_from"),
        ('intents = ["ask_moon"]', "好", "[a] 没有意图 'ask_moon'"),
        ("", "年卡 3980 元", "[a] 正文写死了价格 '3980 元'"),
        ("", "现在只要２９８０", "[a] 正文写死了价格"),
        ("", "三千八百元一年", "[a] 正文写死了价格"),
        ("", "现在打八五折", "[a] 正文写死了价格"),
        ("", "优惠 ¥99", "[a] 正文写死了价格"),
        ("", "一年2千块", "[a] 正文写死了价格"),
        ("", "我们是全网价格低的", "[a] 不能出现“全网”"),
        ("", "我们的教练最好", "[a] 不能出现“最”：绝对化用语"),
        ("", "保证瘦十斤", "[a] 不能出现“保证”"),
    ],
)
def test_a_problem_is_told_with_file_and_script(tmp_path: Path, head: str, text: str, complaint: str) -> None:
    (found,) = complaints(write(tmp_path, script(head, text)))

    assert found.startswith(f"{tmp_path / 'scripts.md'}: ")
    assert complaint in found


@pytest.mark.parametrize(
    "text", ["我第一时间回您，最近三天都行", "我们不能保证结果", "元旦放假", "那一块我说细一点", "一共三页，十分钟"]
)
def test_what_only_looks_forbidden_passes(tmp_path: Path, text: str) -> None:
    assert complaints(write(tmp_path, script(text=text))) == []


@pytest.mark.parametrize(
    ("scripts", "complaint"),
    [
        ("先看这里\n" + script(), "第一个 +++ 之前的文字不属于任何话术"),
        ('+++\nid = "a"\n', "有 1 行 +++"),
        ("+++\nid = a\n+++\n好\n", "不是正确的 TOML"),
        ('+++\nid = "a"\n+++\n好\n', "[a] title：缺少这一项"),
        (script(name="A b"), "[A b] id：只能用小写字母"),
        (script() + script(), "[a] 这个 id 已经用在"),
    ],
)
def test_a_file_out_of_form_is_told(tmp_path: Path, scripts: str, complaint: str) -> None:
    assert any(complaint in found for found in complaints(write(tmp_path, scripts)))


def test_one_bad_script_does_not_hide_the_good_ones(tmp_path: Path) -> None:
    reading = read_pack(write(tmp_path, script(name="Bad") + script(name="good")))

    assert reading.pack is not None
    assert [script.id for script in reading.pack.scripts] == ["good"]
    assert len(reading.problems) == 1


def test_a_variable_nobody_uses_is_told(tmp_path: Path) -> None:
    _, problems = check_packs([write(tmp_path, script())], BUILTIN)

    assert [problem.message for problem in problems] == [
        "声明了变量 'price'，但没有话术用到它",
        "声明了变量 'rep_name'，但没有话术用到它",
    ]


def test_a_folder_without_a_pack_is_told(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path)

    assert "这里没有话术包" in found


def test_a_pack_may_bring_intents_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, script('intents = ["ask_coach"]'))
    (tmp_path / "keywords.toml").write_text(
        '[[rule]]\nid = "coach"\ntag = "ask_coach"\nname = "问教练"\nwords = ["教练"]\n', encoding="utf-8"
    )

    assert complaints(tmp_path) == []


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('words = ["退…"]', "省略号"),
        ("words = []", "规则至少要有 words 或 patterns"),
        ('words = ["退"]\nexclude = ["退…休"]', "exclude 里不能用省略号"),
        ('patterns = ["("]', "不是正确的正则表达式"),
        ('words = ["退"]\nsaid_by = "boss"', "[x] rule.0.said_by"),
        ('words = ["退"]\nsaidby = "seller"', "[x] rule.0.saidby：没有这一项"),
    ],
)
def test_a_keyword_rule_out_of_form_is_told(tmp_path: Path, entry: str, complaint: str) -> None:
    file = tmp_path / "keywords.toml"
    file.write_text(f'[[rule]]\nid = "x"\ntag = "x"\nname = "x"\n{entry}\n', encoding="utf-8")

    rules, problems = read_rules(file)

    assert rules == ()
    assert complaint in str(problems[0])


def test_a_keyword_rule_is_read_in_full(tmp_path: Path) -> None:
    file = tmp_path / "keywords.toml"
    file.write_text(
        '[[rule]]\nid = "x"\ntag = "y"\nname = "名"\nkind = "intent"\nwords = ["甲", "甲"]\nexclude = ["甲板"]\n'
        'said_by = "seller"\nchannels = ["kf"]\nnegation_window = 2\nquestions = "only"\nsplit = true\nscore = 0.5\n'
        "version = 7\n",
        encoding="utf-8",
    )

    (rule,), problems = read_rules(file)

    assert problems == ()
    assert (rule.words, rule.exclude, rule.speakers) == (("甲",), ("甲板",), SELLER_SIDE)
    assert (rule.kind, rule.questions, rule.version, rule.score) == (TagKind.INTENT, Questions.ONLY, "7", 0.5)


def test_the_shipped_packs_are_in_order() -> None:
    packs, problems = check_packs(tuple(package_folders(BUILTIN)), BUILTIN)

    assert problems == ()
    assert {pack.id for pack in packs} == {
        "cars",
        "fitness",
        "general_service",
        "insurance",
        "language_school",
        "property",
    }
    assert all(len(pack.scripts) >= 40 for pack in packs)
    assert packs == load_packs(BUILTIN)


def test_every_shipped_script_can_be_found_by_a_question() -> None:
    for pack in load_packs(BUILTIN):
        for found in pack.scripts:
            assert len(found.triggers) >= 3, found.ref


@pytest.mark.parametrize("trade", ["cars", "property"])
def test_questions_in_customers_words_find_their_script(trade: str) -> None:
    packs = [pack for pack in load_packs(BUILTIN) if pack.id in (trade, "general_service")]
    index = ScriptIndex(script for pack in packs for script in pack.scripts)
    lexicon, words = load_lexicon(BUILTIN), segmenter("auto", load_words(BUILTIN))
    asked = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    asked = [row for row in asked if row["script"].startswith(f"{trade}/")]
    tagged = tag_messages([Utterance(row["text"], Speaker.CUSTOMER) for row in asked], lexicon, words)

    missed = [
        row["text"]
        for row, tags in zip(asked, tagged, strict=True)
        if row["script"] not in {found.script.ref for found in index.rank([row["text"]], now=NOW, tags=tags)}
    ]

    assert len(asked) >= 70
    assert len(missed) / len(asked) <= 0.1, missed


def test_rules_words_and_forbidden_words_ship() -> None:
    assert {"ask_price", "ask_refund", "greet", "quote_price"} <= {rule.id for rule in load_rules(BUILTIN)}
    assert load_words(BUILTIN)["试听课"] == 2000
    assert any(word.word == "包过" for word in load_forbidden_words(BUILTIN))
    assert load_lexicon(BUILTIN).rules == load_rules(BUILTIN)


def test_an_unknown_package_is_named() -> None:
    with pytest.raises(BadSettings, match="no_such_library"):
        load_packs(["no_such_library"])


def test_two_packages_may_not_bring_the_same_pack() -> None:
    with pytest.raises(BadSettings, match=r"有 2 个话术包的 id 都是 '\w+'"):
        load_packs(["scripts_library", "scripts_library"])


def test_installed_packages_are_found_by_entry_point() -> None:
    assert "scripts_library" in script_packages()


def test_every_shipped_rule_stands_in_the_reference() -> None:
    page = (Path(__file__).parents[1] / "docs" / "reference" / "tags.md").read_text(encoding="utf-8")

    for rule in load_rules(BUILTIN):
        assert f"| `{rule.id}` | {rule.name} |" in page


def test_only_the_packs_of_the_trade_in_use_bring_scripts_rules_and_words() -> None:
    school = ["general_service", "language_school"]

    assert [pack.id for pack in load_packs(BUILTIN, school)] == school
    assert "ask_mortgage" not in {rule.tag for rule in load_rules(BUILTIN, school)}
    assert "ask_mortgage" in {rule.tag for rule in load_rules(BUILTIN, ["property"])}
    assert set(load_words(BUILTIN, school)) < set(load_words(BUILTIN))


def test_a_pack_that_nobody_offers_is_named() -> None:
    with pytest.raises(BadSettings, match="no_such_trade"):
        load_packs(BUILTIN, ["no_such_trade"])
