from __future__ import annotations

import copy
import re
import subprocess
import sys
from typing import Any

import pytest
from markdown_it import MarkdownIt

from affetto.bundles.bundle import bundled_models, load_bundle
from affetto.bundles.card import model_card
from affetto.errors import BundleError

Manifest = dict[str, Any]

RESULT: dict[str, Any] = {
    "corpus": "ravdess",
    "protocol": "emobox",
    "description": "six folds of four actors",
    "command": "affetto evaluate DIR --protocol emobox",
    "clips": 1440,
    "uar": 0.791,
    "uar_interval": [0.752, 0.827],
    "accuracy": 0.794,
    "macro_f1": 0.788,
    "expected_calibration_error": 0.135,
    "recall": {"neutral": 0.751, "angry": 0.852},
    "by_gender": {
        "female": {"clips": 720, "uar": 0.84, "uar_interval": [0.8, 0.88]},
        "male": {"clips": 720, "uar": 0.742, "uar_interval": [0.7, 0.78]},
    },
    "by_intensity": {
        "normal": {"clips": 768, "uar": 0.737, "uar_interval": [0.7, 0.77]},
        "strong": {"clips": 672, "uar": 0.859, "uar_interval": None},
    },
}
CORPORA = [
    {
        "name": "ravdess",
        "licence": "CC-BY-NC-SA-4.0",
        "citation": "Livingstone & Russo 2018",
        "speech": "acted, North American English",
        "utterances": 1440,
        "speakers": 24,
    },
    {
        "name": "nemo",
        "licence": "CC-BY-NC-SA-4.0",
        "citation": "Christop 2024",
        "speech": "acted, Polish",
        "utterances": 4481,
        "speakers": 9,
    },
]
LEFT_OUT = {
    "uar": 0.612,
    "uar_interval": [0.55, 0.67],
    "uar_four": 0.713,
    "uar_four_interval": None,
    "accuracy": 0.58,
    "ok_precision": 0.861,
    "ok_coverage": 0.402,
    "expected_calibration_error": 0.042,
    "auc_arousal": 0.907,
    "auc_valence": None,
}
NEW: dict[str, Any] = {
    "licence": "CC-BY-NC-SA-4.0",
    "corpora": CORPORA,
    "results": [RESULT],
    "calibration": {
        "method": "temperature scaling",
        "inverse_temperature": [1.6129],
        "threshold": 0.47,
        "precision": 0.9,
        "coverage": 0.734,
        "expected_calibration_error": 0.021,
    },
    "robustness": {
        "command": "python benchmarks/robustness.py DIR",
        "rows": [
            {
                "condition": "babble",
                "level": "10 dB",
                "uar": 0.623,
                "drop": 0.168,
                "labels_kept": 0.711,
                "accuracy": 0.631,
                "confidence": 0.645,
            },
            {
                "condition": "telephone",
                "level": "G.711",
                "uar": 0.777,
                "drop": -0.014,
                "labels_kept": 0.954,
                "accuracy": 0.781,
                "confidence": 0.77,
            },
        ],
    },
    "adaptation": [
        {
            "corpus": "ravdess",
            "protocol": "emobox",
            "adapted_to": adapted_to,
            "command": f"affetto evaluate DIR{options}",
            "clips": 1440,
            "uar": uar,
            "uar_interval": None,
        }
        for adapted_to, options, uar in ((None, "", 0.791), ({"speaker": 20}, " --adapted 20", 0.833))
    ],
    "other_corpora": [
        {
            "command": "affetto evaluate RAVDESS EMODB --protocol corpora",
            "adapted_to": None,
            "mean": LEFT_OUT,
            "left_out": [{"corpus": "emodb", "clips": 339, "speakers": 10, "emotions": ["neutral", "sad"], **LEFT_OUT}],
        },
        {
            "command": "affetto evaluate RAVDESS EMODB --protocol corpora --adapted 100 --adapted-to corpus",
            "adapted_to": {"corpus": 100},
            "mean": {**LEFT_OUT, "uar": 0.654, "uar_interval": None},
            "left_out": [],
        },
    ],
    "notes": {"gender": "Men whisper.", "age": "Nobody was older than 33."},
}


@pytest.fixture
def manifest() -> Manifest:
    """A manifest with everything that one may hold."""
    return {**load_bundle(bundled_models()["transformer"]).manifest, **copy.deepcopy(NEW)}


def section(card: str, title: str) -> str:
    """The text below a heading."""
    (found,) = re.findall(rf"^#+ {title}\n(.*?)(?=^#|\Z)", card, flags=re.MULTILINE | re.DOTALL)
    return str(found)


def cells(text: str) -> list[list[str]]:
    """The cells of the tables in a text, as a reader of Markdown sees them."""
    rows: list[list[str]] = []
    in_cell = False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and in_cell:
            rows[-1].append(token.content)
        in_cell = token.type in ("th_open", "td_open")
    return rows


def test_a_card_describes_the_bundle(manifest: Manifest) -> None:
    card = model_card(manifest)
    assert card.startswith(f"# transformer {manifest['version']}\n")
    assert card.endswith(".\n")
    text = section(card, "What it is")
    for expected in (manifest["model"]["sha256"], str(manifest["model"]["bytes"]), "16000 Hz", *manifest["labels"]):
        assert expected in text
    assert "prior: balanced" in text
    for prior, shown in (("everyday", "prior: everyday"), ({"neutral": 0.6, "sad": 0.1}, "prior: neutral=0.6,sad=0.1")):
        assert shown in section(model_card({**manifest, "prior": prior}), "What it is")
    features = model_card(load_bundle(bundled_models()["svm"]).manifest)
    assert "2173 features" in section(features, "What it is")
    assert "normalize_level" in section(features, "What it is")


def test_a_card_names_corpora_and_licences(manifest: Manifest) -> None:
    card = model_card(manifest)
    assert [row[0] for row in cells(section(card, "Data"))] == ["corpus", "ravdess", "nemo"]
    for expected in ("Livingstone", "Christop", "1440", "4481", "24"):
        assert expected in section(card, "Data")
    assert "CC-BY-NC-SA-4.0, not for commercial use" in section(card, "Licence")
    assert "MIT (OpenAI Whisper)" in section(card, "Licence")
    assert "without commercial purpose" in section(card, "Intended uses")
    free = model_card({**manifest, "licence": "CC0-1.0"})
    assert "commercial" not in free


def test_a_card_shows_every_figure(manifest: Manifest) -> None:
    card = model_card(manifest)
    assert cells(section(card, "How it was measured"))[1] == [
        "`emobox`",
        "six folds of four actors",
        "`affetto evaluate DIR --protocol emobox`",
    ]
    figures = cells(section(card, "Figures"))
    assert figures[1] == ["ravdess, `emobox`", "79.1 (75.2–82.7)", "79.4", "78.8", "13.5", "1440"]
    assert cells(section(card, "By emotion"))[1:] == [["neutral", "75.1"], ["angry", "85.2"]]
    assert cells(section(card, "By gender"))[1:] == [["women", "84.0 (80.0–88.0)"], ["men", "74.2 (70.0–78.0)"]]
    assert cells(section(card, "By intensity"))[1:] == [["normal", "73.7 (70.0–77.0)"], ["strong", "85.9"]]
    assert cells(section(card, "Robustness"))[1:] == [
        ["babble", "10 dB", "62.3", "16.8", "71.1", "63.1", "64.5"],
        ["telephone", "G.711", "77.7", "-1.4", "95.4", "78.1", "77.0"],
    ]
    assert cells(section(card, "Adaptation"))[1:] == [
        ["ravdess, `emobox`", "nothing", "79.1", "`affetto evaluate DIR`"],
        ["ravdess, `emobox`", "20 recordings of the speaker", "83.3", "`affetto evaluate DIR --adapted 20`"],
        ["other corpora, mean", "nothing", "61.2 (55.0–67.0)", f"`{NEW['other_corpora'][0]['command']}`"],
        ["other corpora, mean", "100 recordings of the corpus", "65.4", f"`{NEW['other_corpora'][1]['command']}`"],
    ]
    left_out = section(card, "Other corpora")
    left_out_figures = ["61.2 (55.0–67.0)", "71.3", "86.1", "40.2", "90.7", "not measured", "4.2", "339"]
    assert cells(left_out)[1:] == [["emodb", *left_out_figures], ["mean", *left_out_figures]]
    assert "`affetto evaluate RAVDESS EMODB --protocol corpora`" in left_out
    assert f"`{manifest['robustness']['command']}`" in card
    assert "about 42 were wrong" in section(card, "Limits")


def test_a_model_of_several_corpora_is_judged_by_those_left_out(manifest: Manifest) -> None:
    assert "that corpus alone" in section(model_card(manifest), "How it was measured")
    del manifest["corpora"][1:]
    assert "that corpus alone" not in model_card(manifest)
    assert "about 21 were wrong" in section(model_card(manifest), "Limits")


def test_unadapted_results_alone_make_no_table_of_adaptation(manifest: Manifest) -> None:
    del manifest["adaptation"], manifest["other_corpora"][1]
    assert section(model_card(manifest), "Adaptation").strip() == "Not measured."


def test_results_have_columns_of_their_own(manifest: Manifest) -> None:
    other = {**RESULT, "protocol": "luna-jimenez", "recall": {"angry": 0.5, "sad": 0.25}, "by_gender": {}}
    card = model_card({**manifest, "results": [RESULT, other]})
    assert cells(section(card, "By emotion")) == [
        ["", "recall %, ravdess, `emobox`", "recall %, ravdess, `luna-jimenez`"],
        ["neutral", "75.1", ""],
        ["angry", "85.2", "50.0"],
        ["sad", "", "25.0"],
    ]
    assert cells(section(card, "By gender"))[0] == ["", "UAR %, ravdess, `emobox`"]


def test_a_card_explains_the_status_uncertain(manifest: Manifest) -> None:
    text = section(model_card(manifest), "Confidence")
    assert "at least 90 % of cases" in text
    assert "73 % of answers are `ok`" in text
    assert "below 0.47" in text
    assert "temperature: 0.62" in text
    assert "expected calibration error: 2.1 %" in text
    manifest["calibration"]["method"] = "temperature, fitted on corpora left out"
    assert "corpora left out" in model_card(manifest)


@pytest.mark.parametrize(("precision", "expected"), [(0.899, "89 %"), (0.9, "90 %"), (0.29, "29 %"), (1.0, "100 %")])
def test_at_least_promises_no_more_than_was_measured(manifest: Manifest, precision: float, expected: str) -> None:
    manifest["calibration"]["precision"] = precision
    assert f"at least {expected} of cases" in model_card(manifest)


@pytest.mark.parametrize(
    ("female", "male", "expected"),
    [
        (0.80, 0.75, "women better than men by 5.0 points (ravdess, `emobox`)"),
        (0.70, 0.7412, "men better than women by 4.1 points (ravdess, `emobox`)"),
        (0.80, 0.761, None),
        (0.761, 0.80, None),
    ],
)
def test_a_notable_difference_between_women_and_men_is_mentioned(
    manifest: Manifest, female: float, male: float, expected: str | None
) -> None:
    parts = manifest["results"][0]["by_gender"]
    parts["female"]["uar"], parts["male"]["uar"] = female, male
    text = section(model_card(manifest), "By gender")
    assert ("better than" in text) == (expected is not None)
    if expected:
        assert f"It recognizes {expected}. The reason: Men whisper." in text
        del manifest["notes"]
        assert f"It recognizes {expected}. The reason: unknown." in model_card(manifest)


def test_differences_of_several_results_are_listed_together(manifest: Manifest) -> None:
    parts = copy.deepcopy(RESULT["by_gender"])
    assert isinstance(parts, dict)
    parts["female"]["uar"], parts["male"]["uar"] = 0.7, 0.75
    manifest["results"] += [{**RESULT, "protocol": "luna-jimenez"}, {**RESULT, "protocol": "loso", "by_gender": parts}]
    assert (
        "It recognizes women better than men by 9.8 points (ravdess, `emobox`), 9.8 points (ravdess, `luna-jimenez`), "
        "and men better than women by 5.0 points (ravdess, `loso`). The reason: Men whisper."
    ) in section(model_card(manifest), "By gender")


def test_other_notes_are_limits(manifest: Manifest) -> None:
    card = model_card(manifest)
    assert "Nobody was older than 33." in section(card, "Limits")
    assert "Men whisper." not in section(card, "Limits")


def test_a_card_lists_forbidden_uses_and_limits(manifest: Manifest) -> None:
    card = model_card(manifest)
    forbidden = section(card, "Forbidden uses")
    for expected in ("Art. 5(1)(f)", "Annex III", "Art. 50(3)", "medical or safety", "lies", "hiring", "diagnosing"):
        assert expected in forbidden
    limits = section(card, "Limits")
    assert "not of what a person feels" in limits
    assert "33 speakers" in limits


def test_acted_speech_is_a_limit(manifest: Manifest) -> None:
    limits = section(model_card(manifest), "Limits")
    assert "33 speakers (acted, North American English; acted, Polish)" in limits
    assert "everyday speech" in limits
    for corpus in manifest["corpora"]:
        corpus["speech"] = "interviews, Welsh"
    assert "everyday speech" not in model_card(manifest)


REQUIRED = ("name", "version", "classifier", "labels", "input", "preprocessing", "licence", "model")


@pytest.mark.parametrize("name", sorted(bundled_models()))
def test_missing_figures_are_not_measured(name: str) -> None:
    shipped = load_bundle(bundled_models()[name]).manifest
    card = model_card({field: shipped[field] for field in REQUIRED})
    for title in (
        *("How it was measured", "Figures", "Robustness", "Adaptation"),
        "Other corpora",
    ):
        assert section(card, title).strip() == "Not measured."
    assert "not measured." in section(card, "Confidence")
    assert "not say what it was trained on" in section(card, "Data")


@pytest.mark.parametrize("field", [*sorted(set(NEW) - {"licence"}), "training", "encoders", "quantization"])
def test_a_missing_or_empty_field_keeps_the_other_sections(manifest: Manifest, field: str) -> None:
    whole = model_card(manifest)
    without = model_card({key: value for key, value in manifest.items() if key != field})
    titles = [re.findall(r"^##? .*", card, flags=re.MULTILINE) for card in (without, whole)]
    assert titles[0] == titles[1]
    assert model_card({**manifest, field: type(manifest[field])()}) == without


@pytest.mark.parametrize("field", ["macro_f1", "expected_calibration_error", "recall", "by_gender", "by_intensity"])
def test_older_results_lack_figures(manifest: Manifest, field: str) -> None:
    del manifest["results"][0][field]
    figures = model_card(manifest).split("## Figures\n")[1].split("\n## ")[0]
    assert figures.lower().count("not measured") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("results", [{"uar": 0.5}]),
        ("results", {"uar": 0.5}),
        ("calibration", {"method": "none"}),
        ("calibration", "temperature"),
        ("calibration", {"method": "none", "precision": 1, "coverage": 1, "threshold": 0, "inverse_temperature": [0]}),
        ("robustness", {"command": "x", "rows": [{}]}),
        ("adaptation", [{"corpus": "ravdess", "uar": "most"}]),
        ("other_corpora", ["emodb"]),
        ("notes", "Men whisper."),
        ("training", "yesterday"),
        ("corpora", [{"name": "mine"}]),
    ],
)
def test_an_invalid_field_is_reported_in_one_sentence(manifest: Manifest, field: str, value: object) -> None:
    with pytest.raises(BundleError, match="card of 'transformer'") as caught:
        model_card({**manifest, field: value})
    assert "\n" not in str(caught.value)


def test_manifest_texts_neither_break_tables_nor_steer_terminals(manifest: Manifest) -> None:
    manifest["robustness"]["rows"][0]["condition"] = "a | b\n\x1b[31mred\u202e"
    manifest["corpora"][0]["citation"] = "Somebody\n\n# A heading\r"
    card = model_card(manifest)
    assert cells(section(card, "Robustness"))[1] == ["a | b [31mred", "10 dB", "62.3", "16.8", "71.1", "63.1", "64.5"]
    assert "\x1b" not in card
    assert "\u202e" not in card
    assert "\n# A heading" not in card


@pytest.mark.parametrize("name", sorted(bundled_models()))
def test_the_tables_of_shipped_cards_are_complete(name: str) -> None:
    card = model_card(load_bundle(bundled_models()[name]).manifest)
    rows = sum(line.startswith("|") and "---" not in line for line in card.splitlines())
    assert len(cells(card)) == rows > 8


def test_a_card_needs_neither_training_nor_evaluation() -> None:
    code = "import sys, affetto.bundles.card; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    for room in ("corpora", "training", "evaluation", "cli"):
        assert f"affetto.{room}" not in done.stdout
