from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.console import Console

from affetto.corpora.base import Corpus, Utterance
from affetto.errors import ParameterError
from affetto.evaluation import CorporaPredictions, corpora_table, measure_corpora, write_corpora_report
from affetto.evaluation.report import describe_corpora_evaluation, prepare_folder
from affetto.recognition.dimensions import dimensions

if TYPE_CHECKING:
    from collections.abc import Sequence

EMOTIONS = {"one": ("neutral", "happy", "sad", "angry"), "two": ("neutral", "sad", "bored"), "three": ("sad", "angry")}
LABELS = ("neutral", "happy", "sad", "angry", "bored")


@pytest.fixture
def corpora() -> list[Corpus]:
    return [
        Corpus(
            name,
            "CC0-1.0",
            "nobody",
            [Utterance(Path(f"{name}-{s}-{e}.wav"), e, s) for s in "abcd" for e in emotions],
        )
        for name, emotions in EMOTIONS.items()
    ]


def answered(corpora: Sequence[Corpus]) -> CorporaPredictions:
    """Predictions that are better than chance."""
    rows = [(part.name, u) for part in corpora for u in part.utterances if u.emotion not in ("happy", "bored")]
    scores = np.random.default_rng(0).normal(size=(len(rows), len(LABELS)))
    scores[np.arange(len(rows)), [LABELS.index(u.emotion) for _, u in rows]] += 1
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    arousal, valence = dimensions(LABELS, probabilities)
    return CorporaPredictions(
        corpus=tuple(name for name, _ in rows),
        clip=tuple(u.clip for _, u in rows),
        speaker=tuple(u.speaker for _, u in rows),
        emotion=tuple(u.emotion for _, u in rows),
        probabilities=probabilities,
        labels=LABELS,
        status=tuple("ok" if row.max() > 0.5 else "uncertain" for row in probabilities),
        arousal=arousal,
        valence=valence,
    )


def test_the_report_says_what_was_measured_on_what(corpora: list[Corpus], tmp_path: Path) -> None:
    predictions = answered(corpora)
    about = describe_corpora_evaluation("svm", corpora, [1, 2, 3], affetto="1")
    metrics = write_corpora_report(predictions, corpora, tmp_path / "report", about)
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert names == ["metrics.json", "predictions.csv", "run.json"]
    # The file alone gives every figure again.
    assert measure_corpora(CorporaPredictions.from_csv(tmp_path / "report/predictions.csv")) == metrics
    content = json.loads((tmp_path / "report/metrics.json").read_text(encoding="utf-8"))
    assert (content["system"], content["protocol"], content["affetto"]) == ("svm", "corpora", "1")
    assert (content["corpora"], content["folds"]) == (["one", "two", "three"], [1, 2, 3])
    assert content["untestable_emotions"] == ["happy", "bored"]
    one, two, three = content["left_out"]
    assert (one["corpus"], one["clips"], one["speakers"]) == ("one", 12, 4)
    assert one["emotions"] == ["neutral", "sad", "angry"]
    assert [part["unlearned_clips"] for part in (one, two, three)] == [{"happy": 4}, {"bored": 4}, {}]
    assert content["mean"]["uar"]["value"] == metrics.mean.uar.value
    assert metrics.mean.uar.interval is not None
    assert content["mean"]["uar"]["interval"] == {
        "low": metrics.mean.uar.interval.low,
        "high": metrics.mean.uar.interval.high,
    }
    assert three["auc_valence"] == {"value": None, "interval": None}  # sad and angry are both negative


def test_the_table_begins_with_the_mean_and_ends_with_what_is_not_tested(corpora: list[Corpus]) -> None:
    metrics = measure_corpora(answered(corpora))
    console = Console(width=160)
    with console.capture() as capture:
        console.print(corpora_table(metrics, corpora, title="svm [bold]"))
    text = capture.get()
    assert "svm [bold]" in text  # a name is no markup
    lines = text.splitlines()
    (mean,) = (line for line in lines if line.startswith("│ mean "))
    assert metrics.mean.uar.value is not None
    assert f"{100 * metrics.mean.uar.value:.1f}" in mean
    rows = [next(n for n, line in enumerate(lines) if f"│ {name} " in line) for name in ("mean", *EMOTIONS)]
    assert rows == sorted(rows)
    (left_out,) = (line for line in lines if line.startswith("one: "))
    assert "4 clips" in left_out
    assert "happy" in left_out
    (untestable,) = (line for line in lines if line.startswith("never tested"))
    assert "happy, bored" in untestable


def test_another_report_is_never_replaced_and_no_corpus_written_into(corpora: list[Corpus], tmp_path: Path) -> None:
    about = describe_corpora_evaluation("svm", corpora, [1, 2, 3])
    write_corpora_report(answered(corpora), corpora, tmp_path / "report", about)
    prepare_folder(tmp_path / "report", about)
    for changed, what in (
        ({"system": "mlp"}, "system"),
        ({"folds": [1]}, "folds"),
        ({"corpora": corpora[:2]}, "corpora"),
        ({"encoders": "other"}, "encoders"),
    ):
        given: dict[str, Any] = {"system": "svm", "corpora": corpora, "folds": [1, 2, 3], **changed}
        with pytest.raises(ParameterError, match=rf"another report \({what} differ"):
            prepare_folder(tmp_path / "report", describe_corpora_evaluation(**given))
    for dataset in ("a", "b"):
        (tmp_path / dataset).mkdir()
        with pytest.raises(ParameterError, match="inside the corpus"):
            prepare_folder(tmp_path / dataset / "report", about, datasets=[tmp_path / "a", tmp_path / "b"])
