from __future__ import annotations

import pytest

from affetto.classifiers import CLASSIFIERS, find_recipe
from affetto.classifiers.front_ends import acoustic_front_end
from affetto.errors import CorpusError, ParameterError
from affetto.training.pipelines import build_pipeline, require_enough


@pytest.mark.parametrize("classifier", ["cnn", "transformer"])
def test_a_corpus_too_small_for_a_network_is_refused_and_the_others_are_named(classifier: str) -> None:
    with pytest.raises(CorpusError, match=f"mine.* 4 .*{classifier}.* 8 .*svm, gmm"):
        require_enough(4, classifier, name="mine")


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_takes_eight_recordings_and_those_of_features_four(classifier: str) -> None:
    require_enough(4 if find_recipe(classifier).input == "features" else 8, classifier, name="mine")


def test_options_that_a_classifier_does_not_take_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"svm.* no encoders"):
        build_pipeline("svm", encoders=["openai/whisper-tiny"])
    with pytest.raises(ParameterError, match=r"cnn.* front end"):
        build_pipeline("cnn", front_end=acoustic_front_end())
    with pytest.raises(ParameterError, match=r"knn.*svm"):
        build_pipeline("knn")
