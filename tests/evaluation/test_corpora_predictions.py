from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from affetto.errors import ParameterError
from affetto.evaluation import CorporaPredictions

if TYPE_CHECKING:
    from pathlib import Path

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


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    predictions = three_clips()
    predictions.to_csv(tmp_path / "predictions.csv")
    assert (tmp_path / "predictions.csv").read_text(encoding="utf-8") == TEXT
    read = CorporaPredictions.from_csv(tmp_path / "predictions.csv")
    for name in ("corpus", "clip", "speaker", "emotion", "labels", "status"):
        assert getattr(read, name) == getattr(predictions, name)
    for name in ("probabilities", "arousal", "valence"):
        assert np.array_equal(getattr(read, name), getattr(predictions, name))
    assert (len(read), read.corpora) == (3, ("one", "two"))


def test_parts_are_put_behind_one_another(tmp_path: Path) -> None:
    whole = three_clips()
    parts = [whole.take([0, 1]), whole.take([2])]
    CorporaPredictions.joined(parts).to_csv(tmp_path / "joined.csv")
    assert (tmp_path / "joined.csv").read_text(encoding="utf-8") == TEXT
    with pytest.raises(ParameterError, match="occurs twice"):
        CorporaPredictions.joined([whole, whole])
    with pytest.raises(ParameterError, match="neutral,angry and neutral,sad"):
        CorporaPredictions.joined([whole, three_clips(labels=("neutral", "sad"), emotion=("neutral",) * 3)])


@pytest.mark.parametrize(
    ("changed", "says"),
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
def test_what_makes_no_sense_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        three_clips(**changed)


@pytest.mark.parametrize(
    ("old", "new", "says"),
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
def test_a_wrong_file_is_named_with_its_fault(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert old in TEXT
    path = tmp_path / "mine.csv"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(ParameterError, match=rf"mine\.csv.*{says}"):
        CorporaPredictions.from_csv(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"nowhere\.csv cannot be read"):
        CorporaPredictions.from_csv(tmp_path / "nowhere.csv")
