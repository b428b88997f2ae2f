from __future__ import annotations

import re
from pathlib import Path

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.base import EMOTIONS, Corpus, Utterance
from tools.ship import EXAMPLE_SPEAKERS, default_corpora, main


def of_everything(name: str, *speakers: str) -> Corpus:
    """One clip of each of the eight emotions, and of boredom, by each speaker."""
    utterances = [
        Utterance(Path(f"{speaker}_{emotion}.wav"), emotion, speaker)
        for speaker in speakers
        for emotion in (*EMOTIONS, "bored")
    ]
    return Corpus(name, "CC0-1.0", "nobody", utterances)


def test_only_the_eight_emotions_are_learned() -> None:
    for corpus in default_corpora([of_everything("ravdess", "1"), of_everything("emodb", "3")]):
        assert corpus.emotions == EMOTIONS


def test_speakers_of_the_examples_are_left_out_of_crema_d_alone(tmp_path: Path) -> None:
    for name in ("1020_IWL_HAP_XX", "1020_ITH_SAD_XX", "1021_IWL_HAP_XX", "1021_ITH_SAD_XX"):
        (tmp_path / f"{name}.wav").touch()
    crema_d = load_corpus(tmp_path)  # as it names itself and its speakers
    left, other = default_corpora([crema_d, of_everything("emodb", "1020", "1021")])
    assert {utterance.speaker for utterance in left.utterances} == {"1021"}
    assert len(left.utterances) == 2
    assert {utterance.speaker for utterance in other.utterances} == {"1020", "1021"}


def test_the_readme_of_the_examples_names_these_speakers(root: Path) -> None:
    readme = (root / "examples" / "README.md").read_text(encoding="utf-8")
    (speakers,) = re.findall(r"left out of training: (.*?)\.", readme)
    assert tuple(speakers.split(", ")) == EXAMPLE_SPEAKERS


def test_the_default_model_needs_all_its_corpora(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nowhere", "--nemo", "nowhere", "--emodb", "nowhere"])
    assert "--crema-d" in capsys.readouterr().err.splitlines()[-1]
