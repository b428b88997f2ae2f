from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from affetto.corpora.base import Corpus, Utterance
from affetto.errors import ParameterError
from affetto.evaluation import (
    CorporaPredictions,
    Predictions,
    corpora_table,
    get_protocol,
    measure_calibration,
    measure_corpora,
    measure_predictions,
    metrics_table,
    percent,
    write_corpora_report,
    write_report,
)
from affetto.evaluation.report import REPORT_FILES, describe_corpora_evaluation, describe_evaluation, prepare_folder
from affetto.evaluation.resampling import Interval
from affetto.recognition.dimensions import dimensions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from tests.evaluation.conftest import MakePredictions

    from affetto.evaluation import Metrics


def head(
    predictions: Predictions, protocol: str = "emobox", system: str = "svm", folds: Sequence[int] = (), **recipe: object
) -> dict[str, Any]:
    return describe_evaluation(system, get_protocol(protocol), folds or np.unique(predictions.fold).tolist(), **recipe)


def write(predictions: Predictions, folder: Path, protocol: str = "emobox") -> Metrics:
    dataset = folder.parent / "ravdess"
    dataset.mkdir(exist_ok=True)
    return write_report(predictions, folder, head(predictions, protocol), datasets=[dataset])


def show(renderable: RenderableType) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_percent() -> None:
    assert percent(0.6234, leaks_speakers=False) == "62.3"
    assert percent(0.6234, Interval(0.591, 0.655), leaks_speakers=False) == "62.3 (59.1–65.5)"
    assert percent(0.6234, Interval(0.591, 0.655), leaks_speakers=True) == "62.3 (59.1–65.5), speakers leak"


def test_a_report_holds_predictions_metrics_calibration_and_pictures(
    make_predictions: MakePredictions, tmp_path: Path
) -> None:
    predictions = make_predictions(skill=1.5)
    folder = tmp_path / "new" / "report"
    (tmp_path / "new").mkdir()
    metrics = write(predictions, folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(REPORT_FILES)
    assert Predictions.from_csv(folder / "predictions.csv").predicted == predictions.predicted
    content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert content["system"] == "svm"
    assert content["protocol"] == "emobox"
    assert content["speakers_leak"] is False
    assert "warning" not in content
    assert content["folds"] == [1, 2, 3, 4, 5, 6]
    assert content["uar"] == metrics.uar
    assert metrics.uar_interval is not None
    assert content["uar_interval"] == {"low": metrics.uar_interval.low, "high": metrics.uar_interval.high}
    assert content["recall"] == metrics.recall
    assert content["confusion"] == metrics.confusion.tolist()
    assert content["labels"] == list(metrics.labels)
    assert set(content["by_gender"]) == {"female", "male"}
    assert content["by_intensity"]["strong"]["clips"] == 672
    calibration = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    assert (calibration["system"], calibration["protocol"], calibration["speakers_leak"]) == ("svm", "emobox", False)
    assert {key: calibration[key] for key in measure_calibration(predictions).to_dict()} == (
        measure_calibration(predictions).to_dict()
    )


def test_the_picture_is_dark_where_the_clips_are(make_predictions: MakePredictions, tmp_path: Path) -> None:
    """A perfect system's matrix is a dark diagonal on white; noise is pale all over."""

    def dark_share(skill: float) -> float:
        write(make_predictions(skill=skill), tmp_path / "report")
        with Image.open(tmp_path / "report" / "confusion.png") as image:
            assert min(image.size) > 800
            blue = np.asarray(image.convert("RGB")).astype(int)
        return float(np.mean((blue[..., 2] > blue[..., 0] + 60) & (blue[..., 0] < 60)))

    assert dark_share(skill=50) > 0.05
    assert dark_share(skill=0) == 0


def test_the_reliability_diagram_shows_by_how_much_confidence_is_wrong(
    make_predictions: MakePredictions, tmp_path: Path
) -> None:
    """The hatched, red part of the bars grows with the calibration error."""

    def red_share(inverse_temperature: float) -> float:
        made = make_predictions(skill=1.0)
        sharpened = made.probabilities**inverse_temperature
        probabilities = sharpened / sharpened.sum(axis=1, keepdims=True)
        write(replace(made, probabilities=probabilities), tmp_path / "report")
        with Image.open(tmp_path / "report" / "reliability.png") as image:
            assert min(image.size) > 600
            pixels = np.asarray(image.convert("RGB")).astype(int)
        return float(np.mean(pixels[..., 0] > pixels[..., 2] + 15))

    # With noise of variance one and a skill of one, the softmax gives the probabilities of Bayes' rule.
    calibrated, too_sure, not_sure_enough = (red_share(inverse_temperature) for inverse_temperature in (1.0, 3.0, 0.5))
    assert calibrated < 0.03
    assert too_sure > 0.06
    assert not_sure_enough > 0.06


def test_a_second_report_replaces_the_first(make_predictions: MakePredictions, tmp_path: Path) -> None:
    write(make_predictions(skill=1.0), tmp_path / "report")
    better = write(make_predictions(skill=2.0), tmp_path / "report")
    content = json.loads((tmp_path / "report" / "metrics.json").read_text(encoding="utf-8"))
    assert content["uar"] == better.uar


def test_every_leaked_figure_is_marked(make_predictions: MakePredictions, tmp_path: Path) -> None:
    predictions = make_predictions(skill=1.5, protocol="random")
    metrics = write(predictions, tmp_path / "report", "random")
    content = json.loads((tmp_path / "report" / "metrics.json").read_text(encoding="utf-8"))
    assert content["speakers_leak"] is True
    assert "speakers leak" in content["warning"]
    calibration = json.loads((tmp_path / "report" / "calibration.json").read_text(encoding="utf-8"))
    assert calibration["warning"] == content["warning"]
    honest = show(metrics_table(metrics, title="svm", leaks_speakers=False))
    leaked = show(metrics_table(metrics, title="svm", leaks_speakers=True))
    assert "leak" not in honest
    figures = [line for line in leaked.splitlines() if "." in line]
    assert len(figures) == 4 + 8 + 2 + 2
    assert all("speakers leak" in line for line in figures)


def test_the_titles_of_leaked_pictures_are_marked(
    make_predictions: MakePredictions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.axes import Axes

    titles = []
    set_title = Axes.set_title

    def listen(axes: Axes, label: str, **options: Any) -> object:
        titles.append(label)
        return set_title(axes, label, **options)

    monkeypatch.setattr(Axes, "set_title", listen)
    write(make_predictions(skill=1.5, protocol="random"), tmp_path / "leaky", "random")
    write(make_predictions(skill=1.5), tmp_path / "report")
    assert [("speakers leak" in title) for title in titles] == [True, True, False, False]
    assert titles[2].startswith("svm, emobox: UAR ")
    assert titles[3].startswith("svm, emobox: expected calibration error ")


def test_the_table_shows_the_figures(make_predictions: MakePredictions) -> None:
    metrics = measure_predictions(make_predictions(skill=1.5))
    text = show(metrics_table(metrics, title="svm [bold], emobox", leaks_speakers=False))
    assert "svm [bold], emobox" in text  # a name is no markup
    assert percent(metrics.uar, metrics.uar_interval, leaks_speakers=False) in text
    for name in ("UAR", "accuracy", "macro-F1", "recall fearful", "UAR gender female", "UAR intensity strong"):
        assert name in text


def test_one_speaker_has_figures_without_interval(make_predictions: MakePredictions, tmp_path: Path) -> None:
    everybody = make_predictions(skill=1.5)
    rows = [index for index, speaker in enumerate(everybody.speaker) if speaker == "7"]
    one = Predictions(
        clip=tuple(everybody.clip[row] for row in rows),
        speaker=("7",) * len(rows),
        fold=everybody.fold[rows],
        emotion=tuple(everybody.emotion[row] for row in rows),
        probabilities=everybody.probabilities[rows],
        labels=everybody.labels,
    )
    metrics = write(one, tmp_path / "report", "loso")
    content = json.loads((tmp_path / "report" / "metrics.json").read_text(encoding="utf-8"))
    assert content["uar_interval"] is None
    assert content["by_gender"] == {}
    assert f"{100 * metrics.uar:.1f} " in show(metrics_table(metrics, title="one", leaks_speakers=False))


@pytest.mark.parametrize("inside", [".", "report", "Actor_01/report", "../ravdess/report"])
def test_reports_are_not_written_into_the_corpus(
    make_predictions: MakePredictions, tmp_path: Path, inside: str
) -> None:
    dataset = tmp_path / "ravdess"
    dataset.mkdir()
    (dataset / "corpus.csv").touch()
    predictions = make_predictions(skill=1)
    for given in (dataset, dataset / "corpus.csv"):
        with pytest.raises(ParameterError, match="inside the corpus"):
            write_report(predictions, dataset / inside, head(predictions), datasets=[given])
    assert [path.name for path in dataset.iterdir()] == ["corpus.csv"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match=r"file.report cannot be made"):
        prepare_folder(tmp_path / "file" / "report", {})


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"system": "mlp"}, "system"),
        ({"folds": [1, 2]}, "folds"),
        ({"protocol": "random"}, "protocol, speakers_leak, warning"),
        ({"train_with": ["nemo"], "affetto": "0.2"}, "train_with"),
    ],
)
def test_another_report_is_never_replaced(
    changed: dict[str, Any], what: str, make_predictions: MakePredictions, tmp_path: Path
) -> None:
    predictions = make_predictions(skill=1)
    write(predictions, tmp_path / "report")
    before = {path: path.read_bytes() for path in (tmp_path / "report").iterdir()}
    prepare_folder(tmp_path / "report", head(predictions))
    with pytest.raises(ParameterError, match=rf"report.*\({what} differ\)"):
        prepare_folder(tmp_path / "report", head(predictions, **changed))
    assert {path: path.read_bytes() for path in (tmp_path / "report").iterdir()} == before


@pytest.mark.parametrize("content", [None, "[]", "no JSON"])
def test_other_files_are_never_replaced(content: str | None, make_predictions: MakePredictions, tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text("mine")
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(ParameterError, match=r"predictions\.csv.*metrics\.json"):
        write(make_predictions(skill=1), tmp_path)
    assert (tmp_path / "predictions.csv").read_text() == "mine"


def test_a_file_that_cannot_be_written_is_named(make_predictions: MakePredictions, tmp_path: Path) -> None:
    write(make_predictions(skill=1), tmp_path / "report")
    (tmp_path / "report" / "confusion.png").unlink()
    (tmp_path / "report" / "confusion.png").mkdir()
    with pytest.raises(ParameterError, match=r"cannot be written.*report"):
        write(make_predictions(skill=1), tmp_path / "report")


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


def test_a_report_about_corpora_has_each_corpus(corpora: list[Corpus], tmp_path: Path) -> None:
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


def test_the_table_begins_with_the_mean_and_ends_with_the_untested_clips(corpora: list[Corpus]) -> None:
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


def test_another_report_about_corpora_is_never_replaced(corpora: list[Corpus], tmp_path: Path) -> None:
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
