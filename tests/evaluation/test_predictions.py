from __future__ import annotations

import csv
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto.errors import AffettoError, ParameterError
from affetto.evaluation import CorporaPredictions, Predictions, measure_predictions
from affetto.evaluation.predictions import ravdess_traits

if TYPE_CHECKING:
    from pathlib import Path

    from tests.evaluation.conftest import MakePredictions

CLIP = "03-01-04-02-01-01-01"
HEADER = "clip,actor,fold,emotion,predicted,happy,sad\n"
ROW = f"{CLIP},1,1,sad,sad,0.250000,0.750000\n"


def two() -> Predictions:
    return Predictions(
        clip=("a", "b"),
        speaker=("1", "2"),
        fold=np.array([1, 2]),
        emotion=("sad", "happy"),
        probabilities=np.array([[0.25, 0.75], [0.4, 0.6]]),
        labels=("happy", "sad"),
    )


def test_the_file_has_the_documented_columns(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    two().to_csv(path)
    assert path.read_bytes().decode() == (
        "clip,actor,fold,emotion,predicted,happy,sad\n"
        "a,1,1,sad,sad,0.250000,0.750000\n"
        "b,2,2,happy,sad,0.400000,0.600000\n"
    )


def test_saved_predictions_are_read_back(make_predictions: MakePredictions, tmp_path: Path) -> None:
    written = make_predictions(skill=1.5)
    path = tmp_path / "predictions.csv"
    written.to_csv(path)
    read = Predictions.from_csv(path)
    for field in fields(Predictions):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(written, field.name), err_msg=field.name)
    one, other = measure_predictions(written), measure_predictions(read)
    np.testing.assert_array_equal(one.confusion, other.confusion)
    assert replace(one, confusion=other.confusion) == other


@given(
    scores=st.lists(
        st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda row: sum(row) > 1e-3), min_size=1, max_size=8
    ),
    name=st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1),
)
def test_any_probabilities_and_names_survive_the_file(
    scores: list[list[float]], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    probabilities = np.array(scores) / np.sum(scores, axis=1, keepdims=True)
    written = Predictions(
        clip=tuple(f"{name}{index}" for index in range(len(scores))),
        speaker=(name,) * len(scores),
        fold=np.ones(len(scores), dtype=np.intp),
        emotion=("b",) * len(scores),
        probabilities=probabilities,
        labels=("a", "b", "c"),
    )
    path = tmp_path_factory.mktemp("any") / "predictions.csv"
    written.to_csv(path)
    read = Predictions.from_csv(path)
    np.testing.assert_array_equal(read.probabilities, written.probabilities)
    assert (read.clip, read.speaker, read.predicted) == (written.clip, written.speaker, written.predicted)


def test_a_tie_at_six_decimals_goes_to_the_first_column_on_both_sides(tmp_path: Path) -> None:
    tie = replace(two(), probabilities=np.array([[0.49999996, 0.50000004], [0.4, 0.6]]))
    assert tie.predicted == ("happy", "sad")
    tie.to_csv(tmp_path / "tie.csv")
    assert Predictions.from_csv(tmp_path / "tie.csv").predicted == ("happy", "sad")


def test_a_spreadsheet_may_have_saved_the_file(tmp_path: Path) -> None:
    path = tmp_path / "saved.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + ROW).replace("\n", "\r\n").encode())
    assert Predictions.from_csv(path).predicted == ("sad",)


def test_gender_and_intensity_follow_from_ravdess_names(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    path.write_text(HEADER + ROW + ROW.replace(CLIP, "AO0_anger_1"), encoding="utf-8")
    read = Predictions.from_csv(path)
    assert read.gender == ("male", None)
    assert read.intensity == ("strong", None)
    assert ravdess_traits("03-01-08-01-02-02-24") == ("female", "normal")
    assert ravdess_traits("02-01-08-01-02-02-24") == (None, None)  # a video


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        (HEADER + ROW, "", "line 1", "missing"),
        ("clip,actor", "actor,clip", "line 1", "clip, actor, fold"),
        (",happy", "", "line 1", "each emotion"),
        ("happy,sad\n", "sad,sad\n", "line 1", "twice"),
        ("happy,sad\n", "sad,\n", "line 1", "without a name"),
        (ROW, ROW + ROW, CLIP, "twice"),
        ("0.250000", "0.252000", CLIP, "1.002"),
        ("sad,sad,0", "sad,happy,0", CLIP, "predicted.*'happy'.*'sad'"),
        ("sad,sad,0", "calm,sad,0", CLIP, "'calm'.*happy, sad"),
        ("0.250000", "much", "line 2", "'happy'.*'much'"),
        ("0.250000", "nan", CLIP, "'happy'.*nan"),
        ("0.25", "-0.25", CLIP, "'happy'.*-0.25"),
        (",1,1,", ",1,0,", CLIP, "fold.*0"),
        (",1,1,", ",1,one,", "line 2", "'fold'.*'one'"),
        (",1,1,", ",,1,", "line 2", "actor is empty"),
        (",0.25", "", "line 2", "6 values.*7 columns"),
        (ROW, ROW + "\n", "line 3", "0 values"),
    ],
)
def test_a_bad_file_is_named_with_place_and_value(tmp_path: Path, old: str, new: str, place: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    assert old in HEADER + ROW
    path.write_text((HEADER + ROW).replace(old, new), encoding="utf-8")
    with pytest.raises(AffettoError, match=rf"bad\.csv.*{place}.*{message}"):
        Predictions.from_csv(path)


def test_rounding_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "rounded.csv"
    path.write_text(HEADER + ROW.replace("0.250000", "0.250900"), encoding="utf-8")
    assert len(Predictions.from_csv(path)) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'clip,actor\n"open', b"clip,actor\n\x00\n"])
def test_a_file_that_is_not_a_table_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.csv"
    path.write_bytes(content)
    with pytest.raises(AffettoError, match=r"noise\.csv"):
        Predictions.from_csv(path)


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"nowhere\.csv cannot be read"):
        Predictions.from_csv(tmp_path / "nowhere.csv")
    (tmp_path / "header.csv").write_text(HEADER, encoding="utf-8")
    with pytest.raises(ParameterError, match=r"header\.csv.*no predictions"):
        Predictions.from_csv(tmp_path / "header.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"speaker": ("1",)}, "1 values of speaker"),
        ({"clip": ("a", "a")}, "'a'.*twice"),
        ({"emotion": ("sad", "calm")}, "clip 'b'.*'calm' has no column"),
        ({"probabilities": np.array([[0.25, 0.75], [0.5, 0.6]])}, "clip 'b'.*sum to 1.1"),
        ({"probabilities": np.ones((2, 3)) / 3}, r"shape \(2, 3\).*2 labels"),
        ({"clip": ()}, "at least one clip"),
    ],
)
def test_invalid_predictions_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        replace(two(), **change)  # type: ignore[arg-type]  # wrong on purpose


def test_predictions_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        two().probabilities[0, 0] = 1


def test_systems_over_different_clips_cannot_be_aligned() -> None:
    with pytest.raises(ParameterError, match=r"1 \(b\).*1 \(c\)"):
        two().aligned_to(replace(two(), clip=("a", "c")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ("happy", "sad"), "emotion": ("happy", "happy")}, "emotion of clip 'a': 'sad' and 'happy'"),
        ({"speaker": ("1", "3")}, "speaker of clip 'b': '2' and '3'"),
        ({"labels": ("calm", "sad"), "emotion": ("sad", "calm")}, "same emotions: one knows happy, sad"),
    ],
)
def test_systems_over_different_truth_cannot_be_aligned(change: dict[str, object], message: str) -> None:
    other = replace(two(), **change)  # type: ignore[arg-type]  # fields by name
    with pytest.raises(ParameterError, match=message):
        two().aligned_to(other)


def test_the_csv_module_reads_the_columns_by_name(make_predictions: MakePredictions, tmp_path: Path) -> None:
    predictions = make_predictions(skill=1.5)
    predictions.to_csv(tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1440
    for row in rows:
        assert row["predicted"] == max(predictions.labels, key=lambda label: float(row[label]))


TEXT = """\
corpus,clip,speaker,emotion,neutral,angry,status,arousal,valence
one,a,1,neutral,0.900000,0.100000,ok,-0.800000,-0.500000
one,b,2,angry,0.400000,0.600000,uncertain,0.200000,-0.900000
two,a,1,angry,0.000001,0.999999,ok,0.999998,-1.000000
"""


def three_clips(**changed: Any) -> CorporaPredictions:
    content: dict[str, Any] = {
        "corpus": ("one", "one", "two"),
        "clip": ("a", "b", "a"),
        "speaker": ("1", "2", "1"),
        "emotion": ("neutral", "angry", "angry"),
        "probabilities": np.array([[0.9, 0.1], [0.4, 0.6], [0.0000012, 0.9999988]]),
        "labels": ("neutral", "angry"),
        "status": ("ok", "uncertain", "ok"),
        "arousal": np.array([-0.8, 0.2, 0.9999976]),
        "valence": np.array([-0.5, -0.9, -1.0]),
    }
    return CorporaPredictions(**(content | changed))


def test_saved_predictions_for_corpora_are_read_back(tmp_path: Path) -> None:
    predictions = three_clips()
    predictions.to_csv(tmp_path / "predictions.csv")
    assert (tmp_path / "predictions.csv").read_text(encoding="utf-8") == TEXT
    read = CorporaPredictions.from_csv(tmp_path / "predictions.csv")
    for name in ("corpus", "clip", "speaker", "emotion", "labels", "status"):
        assert getattr(read, name) == getattr(predictions, name)
    for name in ("probabilities", "arousal", "valence"):
        assert np.array_equal(getattr(read, name), getattr(predictions, name))
    assert (len(read), read.corpora) == (3, ("one", "two"))


def test_parts_are_concatenated(tmp_path: Path) -> None:
    whole = three_clips()
    parts = [whole.take([0, 1]), whole.take([2])]
    CorporaPredictions.joined(parts).to_csv(tmp_path / "joined.csv")
    assert (tmp_path / "joined.csv").read_text(encoding="utf-8") == TEXT
    with pytest.raises(ParameterError, match="occurs twice"):
        CorporaPredictions.joined([whole, whole])
    with pytest.raises(ParameterError, match="neutral,angry and neutral,sad"):
        CorporaPredictions.joined([whole, three_clips(labels=("neutral", "sad"), emotion=("neutral",) * 3)])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"status": ("ok", "maybe", "ok")}, "'b' of 'one'.*maybe"),
        ({"emotion": ("neutral", "bored", "angry")}, "'b' of 'one'.*bored"),
        ({"clip": ("a", "a", "a")}, "'a' of 'one'.*twice"),
        ({"arousal": np.array([0, 0, 1.5])}, "'a' of 'two'.*arousal"),
        ({"valence": np.array([0, np.nan, 0])}, "'b' of 'one'.*valence"),
        ({"probabilities": np.full((3, 2), 0.4)}, "sum to 0.8"),
        ({"probabilities": np.full((3, 3), 1 / 3)}, "shape"),
        ({"speaker": ("1", "2")}, "2 values of speaker"),
    ],
)
def test_invalid_predictions_for_corpora_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        three_clips(**changed)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("corpus,clip", "clip,corpus", r"line 1.*corpus, clip"),
        ("status,arousal,valence", "status,arousal", "line 1"),
        ("neutral,angry,status", "angry,angry,status", "line 1.*twice"),
        ("0.400000", "much", "line 3.*'neutral' is 'much'"),
        ("one,b,2", "one,b,", "line 3: the speaker is empty"),
        ("two,a,1,", "two,a,", "line 4: 8 values"),
        ("two,a,1,angry", "two,a,1,bored", "'a' of 'two'.*bored"),
        (TEXT[TEXT.index("one,a") :], "", "no predictions"),
    ],
)
def test_a_wrong_file_is_named_with_its_fault(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in TEXT
    path = tmp_path / "mine.csv"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(ParameterError, match=rf"mine\.csv.*{message}"):
        CorporaPredictions.from_csv(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"nowhere\.csv cannot be read"):
        CorporaPredictions.from_csv(tmp_path / "nowhere.csv")
