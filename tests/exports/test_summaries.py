from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from affetto import BundleError, Failure, Recognition
from affetto.bundles.bundle import bundled_models, load_bundle
from affetto.exports.summaries import acoustics_list, model_table, result_table, turn_tables

if TYPE_CHECKING:
    from rich.console import RenderableType


def printed(*shown: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    for renderable in shown:
        console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_table_has_a_row_for_each_recording(dialogue: Recognition, silence: Recognition) -> None:
    failure = Failure("missing.wav", "there is no such file")
    header, spoken, silent, failed = printed(result_table([dialogue, silence, failure]))
    assert header.split()[-2:] == ["adapted", "to"]
    assert "neutral" in spoken
    assert "45%" in spoken
    assert "angry 35%" in spoken
    assert spoken.split()[-3:] == ["+0.10", "-0.25", "recording"]
    assert silent.split()[:5] == ["silence.wav", "3.0", "s", "no", "speech"]
    assert "silence" in silent.split()[-1]
    assert failed.split() == ["missing.wav", "failed"]


def test_without_adaptation_there_is_no_column_for_it(dialogue: Recognition) -> None:
    header, _ = printed(result_table([dataclasses.replace(dialogue, adapted_to=None)]))
    assert header.split()[-1] == "valence"


def test_acoustic_measures_are_listed_below_their_segment(acoustics: Recognition) -> None:
    empty, segment, measures = printed(*acoustics_list([Failure("missing.wav", "no such file"), acoustics]))
    assert empty == ""
    assert "0:00.5 – 0:02.0  angry 80%" in segment
    assert measures.startswith("  F0 210 Hz")


def test_the_list_of_models_marks_the_default() -> None:
    bundles = [load_bundle(folder) for folder in bundled_models().values()]
    lines = printed(model_table(bundles, default="cnn"))
    assert [line.split()[0] for line in lines if "(default)" in line] == ["cnn"]
    assert {bundle.name for bundle in bundles} <= {line.split()[0] for line in lines}


def test_invalid_results_of_a_model_are_an_error() -> None:
    bundle = load_bundle(bundled_models()["svm"])
    broken = dataclasses.replace(bundle, manifest={**bundle.manifest, "results": [{"uar": None}]})
    with pytest.raises(BundleError, match="svm cannot be listed"):
        model_table([broken], default="svm")


def test_the_turns_of_a_conversation_are_listed(conversation: Recognition, dialogue: Recognition) -> None:
    empty, header, first, second, silent, *_ = printed(
        *turn_tables([Failure("a.wav", "broken"), dialogue, conversation])
    )
    assert (empty, header.split()) == ("", ["turn", "speaker", "emotion", "text"])
    assert first.split()[3:] == ["Anna", "angry", "80%", "I", "told", "you", "<twice>."]
    assert "another speaker speaks" in second
    assert silent.split()[3:6] == ["Anna", "no", "speech"]


def test_unknown_speakers_and_texts_have_no_column(conversation: Recognition) -> None:
    segments = [dataclasses.replace(segment, text=None) for segment in conversation.segments]
    _, header, *_ = printed(*turn_tables([dataclasses.replace(conversation, segments=tuple(segments))]))
    assert header.split() == ["turn", "speaker", "emotion"]
