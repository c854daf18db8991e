from __future__ import annotations

import importlib.util
import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scrm.cli import main
from scrm.core.errors import BadSettings
from scrm.core.intents import Intent
from scrm.core.tagging import Utterance
from scrm.core.timeline import Speaker
from scrm.intent_files import Learned, as_document, as_model, load_intents, packed, read_examples, read_model
from tests.conftest import skip_or_fail

SHIPPED = Path(str(files("scripts_library") / "intents"))
PRICE = Intent(id="ask_price", name="询价", bias=-1.5, step=0.1, slope=2.0, offset=0.25, threshold=0.4)


@pytest.fixture
def scikit_learn() -> None:
    if importlib.util.find_spec("sklearn") is None:
        skip_or_fail("scikit-learn is not installed: pip install -e '.[train]'")


def few_sentences(folder: Path, most: int = 6) -> Path:
    """Some sentences of three intents and some of none."""
    folder.mkdir()
    kept: dict[str, list[str]] = {"ask_price": [], "ask_refund": [], "greet": [], "": []}
    for line in (SHIPPED / "customer.jsonl").read_text(encoding="utf-8").splitlines():
        intents = json.loads(line)["intents"]
        if (lines := kept.get("".join(intents[:1]))) is not None and len(intents) < 2 and len(lines) < most:
            lines.append(line)
    text = "\n".join(line for lines in kept.values() for line in lines)
    (folder / "customer.jsonl").write_text(text, encoding="utf-8")
    return folder


def train(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", "--package", "scripts_library", *map(str, arguments)])


@pytest.mark.usefixtures("scikit_learn")
def test_training_reports_and_writes_a_model_that_tags(tmp_path: Path) -> None:
    folder = few_sentences(tmp_path / "sentences")

    result = train("--data", folder, "--report")

    assert result.exit_code == 0, result.output
    assert "微平均 F1" in result.output
    assert "每个意图至多 10 句" in result.output
    model = read_model(folder / "model.json.xz")
    assert model.customer is not None
    assert model.seller is None
    assert set(model.customer.carried(Utterance("我要退款", Speaker.CUSTOMER), ["ask_refund"])) == {"ask_refund"}


@pytest.mark.usefixtures("scikit_learn")
def test_equal_sentences_give_an_equal_model(tmp_path: Path) -> None:
    folder = few_sentences(tmp_path / "sentences")

    train("--data", folder, "--out", tmp_path / "a.json.xz")
    train("--data", folder, "--out", tmp_path / "b.json.xz")

    assert (tmp_path / "a.json.xz").read_bytes() == (tmp_path / "b.json.xz").read_bytes()


@pytest.mark.usefixtures("scikit_learn")
def test_a_worse_model_does_not_replace_the_one_in_use_unless_forced(tmp_path: Path) -> None:
    folder, out = few_sentences(tmp_path / "sentences", most=12), tmp_path / "model.json.xz"
    assert train("--data", folder, "--out", out).exit_code == 0
    good = out.read_bytes()
    lines = [json.loads(line) for line in (folder / "customer.jsonl").read_text(encoding="utf-8").splitlines()]
    swapped = {"ask_price": "greet", "greet": "ask_refund", "ask_refund": "ask_price"}
    wrong = [line | {"text": f"{line['text']}{number}", "intents": [swapped.get(i, i) for i in line["intents"]]}
             for number, line in enumerate(lines)]  # fmt: skip
    mixed = [*lines, *wrong]
    (folder / "customer.jsonl").write_text("\n".join(map(json.dumps, mixed)), encoding="utf-8")

    refused = train("--data", folder, "--out", out)
    kept = out.read_bytes()
    forced = train("--data", folder, "--out", out, "--force")

    assert refused.exit_code == 1
    assert "没有替换" in refused.output
    assert kept == good
    assert forced.exit_code == 0
    assert out.read_bytes() != good


def test_a_model_file_gives_back_what_was_learned() -> None:
    learned = Learned(intents=[PRICE], weights={"价": [127], "退": [-127], "asking": [300]})

    document = as_document(learned, None)
    model = as_model(document)

    assert model.customer is not None
    assert model.customer.intents == (PRICE,)
    assert model.customer.values(Utterance("价", Speaker.CUSTOMER)) == [pytest.approx(-1.5 + 12.7)]
    assert as_model(document).fingerprint == model.fingerprint
    assert as_model(as_document(None, learned)).fingerprint != model.fingerprint


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.json.xz"
    for content in (b"", b"{}", packed("{}"), packed('{"form":2,"customer":null,"seller":null}')):
        file.write_bytes(content)
        with pytest.raises(BadSettings, match="不是意图模型"):
            read_model(file)


def test_weights_that_do_not_fit_their_features_are_refused() -> None:
    document = as_document(Learned(intents=[PRICE], weights={"价": [1, 2]}), None)

    with pytest.raises(ValueError, match="do not fit"):
        as_model(document)


def test_a_bad_training_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "customer.jsonl").write_text(
        '{"text": "你好", "speaker": "customer", "intents": []}\n{"text": "x"}\n', encoding="utf-8"
    )

    with pytest.raises(BadSettings, match="第 2 行"):
        read_examples(tmp_path)


def test_a_folder_without_sentences_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="没有训练句子"):
        read_examples(tmp_path)


def test_what_ships_fits_together() -> None:
    examples = read_examples(SHIPPED)
    (model,) = load_intents([files("scripts_library")])

    wanted = {intent for example in examples for intent in example.intents}
    assert model.customer is not None
    assert model.seller is not None
    assert wanted == {intent.id for scorer in (model.customer, model.seller) for intent in scorer.intents}
    assert (SHIPPED / "model.json.xz").stat().st_size < 1_500_000
    assert json.loads((SHIPPED / "model.crossval.json").read_text(encoding="utf-8"))["fingerprint"] == model.fingerprint
