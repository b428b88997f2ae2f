from __future__ import annotations

import dataclasses
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch

from affetto.corpora import Corpus, load_corpus
from affetto.errors import AudioError, CorpusError, ParameterError
from affetto.features.whisper import distilled_on, load_encoder
from affetto.training import distillation
from affetto.training.distillation import Distillation, distil, require_encoder_folder, require_unheard

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = Distillation(epochs=2, batch_size=3, learning_rate=2e-4)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path) -> Corpus:
    """Five actors, one take of one sentence with normal intensity: 40 clips, of which one only measures."""
    folder = tmp_path_factory.mktemp("corpus")
    for actor in range(1, 6):
        for clip in (ravdess_dir / f"Actor_{actor:02}").glob("03-01-??-01-01-01-??.flac"):
            shutil.copy(clip, folder)
    return load_corpus(folder)


@pytest.fixture(scope="module")
def distilled(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus, tiny_encoder: Path) -> Path:
    folder = tmp_path_factory.mktemp("encoder") / "steady"
    figures = distil(tiny_encoder, [corpus], folder, n_layers=1, recipe=RECIPE)
    assert set(figures) == {"before", "after", "clean"}
    return folder


def test_it_hears_degraded_speech_more_like_clean_speech(distilled: Path, corpus: Corpus) -> None:
    record = distilled_on(distilled)
    assert record is not None
    distance = record["distance"]
    assert distance["after"] < 0.97 * distance["before"]
    # It has not become another for clean speech: far less than what degradation does to the original.
    assert distance["clean"] < 0.5 * distance["before"]
    assert sorted(path.name for path in distilled.iterdir()) == ["config.json", "model.safetensors"]
    assert [part["name"] for part in record["corpora"]] == [corpus.name]
    assert record["distilled_from"] == "whisper-tiny.en"


def test_after_an_interruption_it_goes_on_to_the_same_weights(
    distilled: Path, corpus: Corpus, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = distillation._Checkpoint.keep

    def interrupted(*arguments: object) -> None:
        keep(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(distillation._Checkpoint, "keep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            distil(tiny_encoder, [corpus], tmp_path / "steady", n_layers=1, recipe=RECIPE)
    assert [path.name for path in (tmp_path / "steady").iterdir()] == ["affetto-checkpoints"]
    other = Distillation(epochs=2, batch_size=3, learning_rate=4e-4)
    with pytest.raises(ParameterError, match="is of another distillation; go on without resuming"):
        distil(tiny_encoder, [corpus], tmp_path / "steady", n_layers=1, recipe=other, resume=True)
    distil(tiny_encoder, [corpus], tmp_path / "steady", n_layers=1, recipe=RECIPE, resume=True)
    whole, resumed = (load_encoder(folder, n_layers=1).state_dict() for folder in (distilled, tmp_path / "steady"))
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, atol=2e-4, rtol=1e-3, msg=name)


def test_one_goes_on_from_another(distilled: Path, corpus: Corpus, tiny_encoder: Path, tmp_path: Path) -> None:
    further = Corpus("further", "", "", corpus.utterances)
    go_on = Distillation(epochs=2, batch_size=3, way=1.0)
    distil(tiny_encoder, [further], tmp_path / "steadier", begin=distilled, n_layers=1, recipe=go_on)
    before, after = distilled_on(distilled), distilled_on(tmp_path / "steadier")
    assert before is not None
    assert after is not None
    assert after["begun_at"] == before
    assert after["distance"]["after"] < before["distance"]["after"] < before["distance"]["before"]
    # Whoever was heard in the first round is known in the second.
    with pytest.raises(ParameterError, match="steadier was distilled on ravdess"):
        require_unheard([tmp_path / "steadier"], corpus)
    with pytest.raises(
        ParameterError, match=r"whisper-tiny\.en was not distilled from whisper-tiny\.en; name an encoder"
    ):
        distil(tiny_encoder, [corpus], tmp_path / "other", begin=tiny_encoder, n_layers=1, recipe=go_on)
    # A teacher that was distilled would hide whom it has heard.
    with pytest.raises(
        ParameterError, match="steady was itself distilled; name the encoder that it was distilled from"
    ):
        distil(distilled, [further], tmp_path / "other", n_layers=1, recipe=go_on)
    assert not (tmp_path / "other").exists()


def test_what_only_measures_is_the_same_whatever_else_is_there(
    corpus: Corpus, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later round must not learn what an earlier one measures on."""
    measured: list[list[Path]] = []

    def first_pairs(paths: list[Path], *_: object, **__: object) -> list[object]:
        measured.append(paths)
        raise KeyboardInterrupt

    monkeypatch.setattr(distillation, "_pairs", first_pairs)
    others = [dataclasses.replace(u, path=tmp_path / u.path.name) for u in corpus.utterances[1:18]]
    before = Corpus("before", "", "", others)
    for corpora in ([corpus], [before, corpus]):
        with pytest.raises(KeyboardInterrupt):
            distil(tiny_encoder, corpora, tmp_path / "steady", n_layers=1, recipe=RECIPE)
    assert measured == [[corpus.utterances[0].path], [before.utterances[0].path, corpus.utterances[0].path]]
    with pytest.raises(CorpusError, match="the corpus 'ravdess' is given twice"):
        distil(tiny_encoder, [corpus, corpus], tmp_path / "steady", n_layers=1, recipe=RECIPE)


def test_a_recording_that_cannot_be_read_is_named_in_one_sentence(
    corpus: Corpus, tiny_encoder: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.wav"
    damaged.write_bytes(b"nothing that sounds")
    utterances = [*corpus.utterances[:9], dataclasses.replace(corpus.utterances[9], path=damaged)]
    with pytest.raises(AudioError, match=r"damaged\.wav") as raised:
        distil(tiny_encoder, [Corpus("some", "", "", utterances)], tmp_path / "steady", n_layers=1, recipe=RECIPE)
    assert "Traceback" not in str(raised.value)


def test_whoever_was_distilled_on_cannot_be_tested_on(distilled: Path, corpus: Corpus, tiny_encoder: Path) -> None:
    require_unheard([tiny_encoder], corpus)
    with pytest.raises(ParameterError, match=r"steady was distilled on ravdess, so it has heard the speakers that are"):
        require_unheard([tiny_encoder, distilled], corpus)
    # A table of the same clips may have any name.
    with pytest.raises(ParameterError, match=r"steady was distilled on mine"):
        require_unheard([distilled], dataclasses.replace(corpus, name="mine"))


def test_a_recording_is_degraded_in_another_way_in_each_epoch(corpus: Corpus) -> None:
    paths = [utterance.path for utterance in corpus.utterances[:6]]
    recipe = Distillation(clean=0.0)
    epochs = [list(distillation._pairs(paths, recipe, epoch=epoch, shuffled=False)) for epoch in (0, 0, 1)]
    for (clean, first), (_, again), (_, other) in zip(*epochs, strict=True):
        assert clean.shape == first.shape
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other[: len(first)])
    clean, degraded = zip(*distillation._pairs(paths, Distillation(clean=0.99), epoch=0, shuffled=False), strict=True)
    assert all(np.array_equal(a, b) for a, b in zip(clean, degraded, strict=True))


def test_recordings_that_are_too_short_teach_nothing(corpus: Corpus, tiny_encoder: Path, tmp_path: Path) -> None:
    utterances = []
    for utterance in corpus.utterances[:12]:
        samples, rate = soundfile.read(utterance.path, start=48_000, frames=16_000)  # a third of a second of speech
        path = tmp_path / f"{utterance.clip}.wav"
        soundfile.write(path, samples, rate)
        utterances.append(dataclasses.replace(utterance, path=path))
    with pytest.raises(CorpusError, match=r"none of the 11 recordings has 0\.5 s of speech or more; give longer ones"):
        distil(tiny_encoder, [Corpus("short", "", "", utterances)], tmp_path / "steady", n_layers=1, recipe=RECIPE)
    assert not list((tmp_path / "steady").glob("*.safetensors"))


def test_what_cannot_be_distilled_is_said_before_it_begins(corpus: Corpus, tiny_encoder: Path, tmp_path: Path) -> None:
    few = Corpus("few", "", "", corpus.utterances[:3])
    with pytest.raises(CorpusError, match="there are 3 recordings to distil on; take 6 or more"):
        distil(tiny_encoder, [few], tmp_path / "steady", recipe=RECIPE)
    (tmp_path / "file").write_text("")
    with pytest.raises(ParameterError, match="is a file; name a new folder for the encoder"):
        require_encoder_folder(tmp_path / "file")
    # Somebody's own checkpoint has files of the same names.
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "config.json").write_text(json.dumps({"model_type": "whisper", "encoder_layers": 2}))
    with pytest.raises(ParameterError, match="is a folder with other things in it; name a new one for the encoder"):
        require_encoder_folder(foreign)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**63}, "seed is 9223372036854775808"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"clean": 1.0}, "clean is 1.0"),
        ({"way": 0.0}, "way is 0.0"),
    ],
)
def test_a_senseless_recipe_is_named(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Distillation(**parameters)  # type: ignore[arg-type]


def test_a_damaged_state_is_named(corpus: Corpus, tiny_encoder: Path, tmp_path: Path) -> None:
    state = tmp_path / "steady" / "affetto-checkpoints" / "distillation.pt"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"something else")
    with pytest.raises(ParameterError, match=r"distillation.pt is damaged; train again without resuming"):
        distil(tiny_encoder, [corpus], tmp_path / "steady", n_layers=1, recipe=RECIPE, resume=True)
