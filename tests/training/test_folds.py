from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import Recognizer
from affetto.bundles.bundle import update_manifest
from affetto.corpora import Corpus, load_corpus
from affetto.errors import BundleError, ParameterError
from affetto.evaluation import get_protocol
from affetto.training.fit import fit_pipeline
from affetto.training.folds import fold_bundle, load_fold, require_fold_folder, save_fold, training_part
from affetto.training.pipelines import build_pipeline

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path) -> Corpus:
    """Three actors, one take of one sentence with normal intensity: 24 clips."""
    folder = tmp_path_factory.mktemp("corpus")
    for actor in (1, 2, 3):
        for clip in (ravdess_dir / f"Actor_{actor:02}").glob("03-01-??-01-01-01-??.flac"):
            shutil.copy(clip, folder)
    return load_corpus(folder)


def test_each_fold_has_a_bundle_that_stays(corpus: Corpus, tmp_path: Path) -> None:
    first, second, _ = get_protocol("loso").split(corpus)
    bundle = fold_bundle("gmm", corpus, first, tmp_path)
    assert bundle.folder == tmp_path / "fold-1"
    (part,) = bundle.manifest["corpora"]
    assert (part["utterances"], part["speakers"]) == (16, 2)
    assert Recognizer(bundle.folder).recognize(corpus.utterances[0].path).emotion == corpus.utterances[0].emotion
    assert load_fold(corpus, first, tmp_path).model == bundle.model
    written = (bundle.folder / "model.onnx").stat().st_mtime_ns
    assert fold_bundle("gmm", corpus, first, tmp_path).model == bundle.model
    assert (bundle.folder / "model.onnx").stat().st_mtime_ns == written
    # The figures would be wrong with a bundle of another recipe or fold.
    with pytest.raises(BundleError, match=r"fold-1.*svm.*16 utterances of ravdess"):
        fold_bundle("svm", corpus, first, tmp_path)
    corpora = [training_part(corpus, first), Corpus("other", "", "", corpus.utterances)]
    with pytest.raises(BundleError, match=r"fold-1.*ravdess and other"):
        require_fold_folder(build_pipeline("gmm"), "gmm", 1, corpora, tmp_path)
    other = bundle.manifest["training"]["recipe"] | {"classifier": "another"}
    update_manifest(bundle.folder, {"training": bundle.manifest["training"] | {"recipe": other}})
    with pytest.raises(BundleError, match=r"fold-1.*another recipe"):
        fold_bundle("gmm", corpus, first, tmp_path)
    bundle.folder.rename(tmp_path / "fold-2")
    with pytest.raises(BundleError, match=r"fold-2.*gmm of fold 2"):
        fold_bundle("gmm", corpus, second, tmp_path)
    with pytest.raises(BundleError, match=r"fold-2.*fold 2 of ravdess"):
        load_fold(corpus, second, tmp_path)


def test_a_fitted_pipeline_is_saved_where_a_later_run_finds_it(corpus: Corpus, tmp_path: Path) -> None:
    _, second, _ = get_protocol("loso").split(corpus)
    utterances = [corpus.utterances[index] for index in second.train]
    pipeline = fit_pipeline(
        build_pipeline("gmm"),
        np.array([u.path for u in utterances], dtype=object),
        np.array([corpus.emotions.index(u.emotion) for u in utterances]),
        speakers=[u.speaker for u in utterances],
    )
    corpora = [training_part(corpus, second)]
    assert require_fold_folder(pipeline, "gmm", 2, corpora, tmp_path) is None
    saved = save_fold(pipeline, "gmm", 2, corpora, tmp_path)
    assert saved.folder == tmp_path / "fold-2"
    assert fold_bundle("gmm", corpus, second, tmp_path).manifest == saved.manifest
    tested = corpus.utterances[second.test[0]]
    probabilities = Recognizer(saved.folder, self_adaptation=False).recognize(tested.path).probabilities
    assert set(probabilities) == set(corpus.emotions)


def test_folders_of_folds_are_checked_before_anything_is_fitted(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "fold-3").mkdir()
    (tmp_path / "fold-3/diary.txt").write_text("dear diary")
    pipeline = build_pipeline("svm")
    with pytest.raises(ParameterError, match=r"fold-3.*other"):
        require_fold_folder(pipeline, "svm", 3, [corpus], tmp_path)
    (tmp_path / "file").write_text("dear diary")
    with pytest.raises(ParameterError, match="cannot be made"):
        require_fold_folder(pipeline, "svm", 3, [corpus], tmp_path / "file")
