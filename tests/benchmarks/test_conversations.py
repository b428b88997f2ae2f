from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from affetto import Recognizer, Turn
from affetto.corpora import load_corpus
from affetto.evaluation import Predictions
from benchmarks.conversations import (
    KINDS,
    RATE,
    Conversation,
    alternating,
    cut,
    figures,
    inexact,
    join,
    recognize,
    recognize_alone,
    uar_by_speaker,
)

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


@pytest.fixture(scope="module")
def predictions() -> dict[str, Predictions]:
    return {kind: Predictions.from_csv(RESULTS / f"conversations-{kind}.csv") for kind in KINDS}


@pytest.fixture(scope="module")
def conversation(root: Path) -> Conversation:
    """Two people of CREMA-D, two clips each."""
    rng = np.random.default_rng(0)
    utterances = load_corpus(root / "examples").utterances
    pieces = [[cut(u, rng) for u in utterances if u.speaker == speaker] for speaker in ("1020", "1064")]
    return join(alternating(*pieces))


def test_two_speakers_alternate_with_short_pauses(conversation: Conversation) -> None:
    speakers = [utterance.speaker for utterance in conversation.utterances]
    assert speakers == [turn.speaker for turn in conversation.turns] == ["1020", "1064"] * 2
    pauses = [later.start_s - earlier.end_s for earlier, later in itertools.pairwise(conversation.turns)]
    assert all(0.1 <= pause_s <= 0.6 for pause_s in pauses)
    assert conversation.turns[-1].end_s < len(conversation.samples) / RATE


def test_inexact_turns_are_turns() -> None:
    rng = np.random.default_rng(0)
    for length_s in (0.0, 0.1, 2.0):
        turn = inexact(Turn(0.1, 0.1 + length_s, "1"), rng)
        assert 0 <= turn.start_s <= 0.35
        assert turn.start_s <= turn.end_s <= 0.35 + length_s


def test_each_clip_has_an_answer_of_each_kind(recognizer: Recognizer, conversation: Conversation) -> None:
    found = recognize(recognizer, conversation, np.random.default_rng(0))
    clips = [utterance.clip for utterance in conversation.utterances]
    assert set(found) == set(KINDS) - {"alone"}
    assert all(list(of_kind) == clips for of_kind in found.values())
    given = [segment.speaker for segment in found["turns"].values() if segment]
    assert given == [utterance.speaker for utterance in conversation.utterances]
    assert list(recognize_alone(recognizer, conversation)) == clips


def test_the_published_figures_follow_from_the_predictions(predictions: dict[str, Predictions]) -> None:
    published = json.loads((RESULTS / "conversations.json").read_text(encoding="utf-8"))
    assert figures(predictions) == published


def test_each_speaker_is_recognized_as_if_alone(predictions: dict[str, Predictions]) -> None:
    turns, alone = (uar_by_speaker(predictions[kind]) for kind in ("turns", "alone"))
    assert len(turns) == 24
    assert np.mean([abs(turns[speaker] - alone[speaker]) for speaker in turns]) <= 0.01


def test_the_documentation_shows_the_published_figures(root: Path) -> None:
    published = json.loads((RESULTS / "conversations.json").read_text(encoding="utf-8"))
    page = (root / "docs" / "how-to" / "conversations.md").read_text(encoding="utf-8")
    shown = [float(number) for number in re.findall(r"\| (\d\d\.\d) % \|", page)]
    assert shown == pytest.approx([100 * published[f"uar_{kind}"] for kind in KINDS], abs=0.051)
    readme = (root / "README.md").read_text(encoding="utf-8")
    sentence = readme.partition("alternate in one channel")[2].partition("\n")[0]
    shown = [float(number) for number in re.findall(r"(\d\d\.\d)", sentence)]
    assert shown == pytest.approx([100 * published[f"uar_{kind}"] for kind in ("turns", "alone", "without")], abs=0.051)
