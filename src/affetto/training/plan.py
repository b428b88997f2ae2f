"""Plans of training and evaluation.

The constructor of a plan checks all that can be checked before hours of fitting; `run` does the work.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from affetto import __version__
from affetto.classifiers import CLASSIFIERS, find_recipe
from affetto.classifiers.estimators.checkpoints import keeping_checkpoints
from affetto.corpora import load_corpus
from affetto.corpora.base import choose_emotions, require_outside
from affetto.corpora.pooling import require_different, require_trainable
from affetto.errors import ParameterError
from affetto.evaluation.compare import compare_systems
from affetto.evaluation.corpora import choose_corpus_folds, corpus_folds
from affetto.evaluation.protocols import CORPORA, choose_folds, get_protocol
from affetto.evaluation.report import (
    CORPORA_REPORT_FILES,
    REPORT_FILES,
    describe_corpora_evaluation,
    describe_evaluation,
    prepare_folder,
    write_corpora_report,
    write_report,
)
from affetto.evaluation.tables import corpora_table, metrics_table
from affetto.training.adapted import adapted, unadapted
from affetto.training.cross_validation import cross_validate, cross_validate_corpora
from affetto.training.folds import require_fold_folder, save_fold, training_part
from affetto.training.inner_splits import with_inner_speakers
from affetto.training.pipelines import build_pipeline, require_enough
from affetto.training.provenance import describe_encoders
from affetto.training.train import require_bundle_folder, train

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Sequence

    from rich.table import Table

    from affetto.bundles.bundle import Bundle
    from affetto.corpora.base import Corpus
    from affetto.evaluation.compare import Comparison
    from affetto.evaluation.corpora import CorpusFold
    from affetto.evaluation.corpora_metrics import CorporaMetrics
    from affetto.evaluation.metrics import Metrics
    from affetto.evaluation.predictions import CorporaPredictions, Predictions
    from affetto.evaluation.protocols import Fold
    from affetto.training.adapted import AdaptedTo, PredictFunction
    from affetto.training.pipelines import TrainingPipeline

    DataPath: TypeAlias = str | os.PathLike[str]
    Keep: TypeAlias = Callable[[Any, Any], None]


class TrainingPlan:
    """Training of one classifier on whole corpora.

    Parameters
    ----------
    datasets : sequence of path
        Folders or tables of the corpora.
    folder : path
        The bundle; made if it is missing.
    classifier : str
        One of `affetto.classifiers.CLASSIFIERS`.
    emotions : collection of str, optional
        Only clips of these emotions.
    encoders : sequence of str, optional
        The transformer's Whisper checkpoints: folders, or names on the Hugging Face hub.
    name : str, optional
        The corpus's name if it is not recognized; for a single corpus.

    Attributes
    ----------
    corpora : list of Corpus

    Raises
    ------
    CorpusError
        If a corpus cannot be read, is given twice, or has too few clips, speakers or emotions.
    ParameterError
        If an option does not fit the classifier, or the folder is inside a corpus, holds other files, or cannot be
        made.

    Examples
    --------
    >>> TrainingPlan(["ravdess"], "my-model", classifier="svm").run()  # doctest: +SKIP
    """

    def __init__(
        self,
        datasets: Sequence[DataPath],
        folder: DataPath,
        *,
        classifier: str,
        emotions: Collection[str] | None = None,
        encoders: Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        if name is not None and len(datasets) > 1:
            raise ParameterError(f"a name is for one corpus, and {len(datasets)} are given; leave it out")
        self.classifier, self.folder = classifier, Path(folder)
        self.corpora = _load_corpora(datasets, emotions, name)
        _require_all_outside(self.folder, datasets)
        require_different(self.corpora)
        for corpus in self.corpora:
            require_trainable(corpus.utterances, name=corpus.name)
        count = sum(len(corpus.utterances) for corpus in self.corpora)
        require_enough(count, classifier, name=" and ".join(corpus.name for corpus in self.corpora))
        self._pipeline = build_pipeline(classifier, encoders=encoders)
        require_bundle_folder(self.folder)

    def run(self, *, resume: bool = False) -> Bundle:
        """Train, and write the bundle; `resume` uses the checkpoints of an interrupted run."""
        first, *further = self.corpora
        return train(self._pipeline, first, self.folder, classifier=self.classifier, train_with=further, resume=resume)


class SpeakerSplit:
    """One corpus, split by a protocol.

    Parameters
    ----------
    dataset : path
        Folder or table of the corpus.
    protocol : str
        One of `affetto.evaluation.PROTOCOLS`.
    folds : collection of int, optional
        Only the folds of these numbers, counted from 1.
    train_with : sequence of path, optional
        Further corpora that every fold is also trained on.
    emotions : collection of str, optional
        Only clips of these emotions.
    name : str, optional
        The corpus's name if it is not recognized.

    Attributes
    ----------
    protocol : Protocol
    folds : list of Fold
    corpus : Corpus
    train_with : list of Corpus

    Raises
    ------
    CorpusError
        If a corpus cannot be read, is given twice, or has too few clips, speakers or emotions for the protocol.
    ParameterError
        If there is no such protocol or fold, or the protocol is for another corpus.
    """

    report_files = REPORT_FILES

    def __init__(
        self,
        dataset: DataPath,
        protocol: str,
        *,
        folds: Collection[int] | None = None,
        train_with: Sequence[DataPath] = (),
        emotions: Collection[str] | None = None,
        name: str | None = None,
    ) -> None:
        self.protocol = get_protocol(protocol)
        self.datasets = [dataset, *train_with]
        self.corpus, *self.train_with = _load_corpora(self.datasets, emotions, name)
        self.folds = choose_folds(self.protocol, self.corpus, folds)
        learned_from = with_inner_speakers(self.corpus, self.protocol).utterances
        for fold in self.folds:
            part = [learned_from[index] for index in fold.train]
            require_trainable(part, name=f"the training part of fold {fold.number}")
        require_different([self.corpus, *self.train_with])
        for further in self.train_with:
            require_trainable(further.utterances, name=further.name)
        self._recipe = {
            "corpus": self.corpus.name,
            "train_with": [part.name for part in self.train_with],
            "emotions": None if emotions is None else list(emotions),
        }

    @property
    def n_test_speakers(self) -> int:
        """Number of speakers that are tested."""
        return len({self.corpus.utterances[index].speaker for fold in self.folds for index in fold.test})

    def report_folder(self, system: str) -> Path:
        """Return the default folder of a system's report."""
        # Training on further corpora gives another system with another report.
        return Path(f"{'+'.join([system, *(part.name for part in self.train_with)])}-{self.protocol.name}")

    def describe(self, system: str, **recipe: object) -> dict[str, Any]:
        """Return the head of a system's report."""
        return describe_evaluation(system, self.protocol, [f.number for f in self.folds], **self._recipe, **recipe)

    def training_corpora(self, fold: Fold) -> Sequence[Corpus]:
        """Return what a fold is trained on."""
        return (training_part(self.corpus, fold), *self.train_with)

    def cross_validate(self, pipeline: TrainingPipeline, predict: PredictFunction, keep: Keep) -> Predictions:
        """Fit and test a pipeline on the chosen folds."""
        numbers = [fold.number for fold in self.folds]
        return cross_validate(
            pipeline,
            self.corpus,
            self.protocol,
            train_with=self.train_with,
            folds=numbers,
            predict=predict,
            keep=keep,
        )

    def write_report(self, predictions: Predictions, folder: Path, about: dict[str, Any]) -> Metrics:
        """Write the report of a system."""
        return write_report(predictions, folder, about, datasets=self.datasets)

    def table(self, system: str, metrics: Metrics) -> Table:
        """Lay the metrics of a system out for a terminal."""
        title = f"{system}, {self.protocol.name}, {metrics.clips} clips"
        return metrics_table(metrics, title=title, leaks_speakers=self.protocol.leaks_speakers)


class CorpusSplit:
    """Two or more corpora, of which each in turn is left out of training and tested.

    Parameters
    ----------
    datasets : sequence of path
        Folders or tables of the corpora.
    folds : collection of int, optional
        Leave out only the corpora of these numbers, counted from 1.
    emotions : collection of str, optional
        Only clips of these emotions.

    Attributes
    ----------
    folds : list of CorpusFold
    corpora : list of Corpus

    Raises
    ------
    CorpusError
        If a corpus cannot be read or is given twice, or corpora have too few speakers or emotions in common.
    ParameterError
        If there are fewer than two corpora, or a fold does not exist.
    """

    report_files = CORPORA_REPORT_FILES

    def __init__(
        self,
        datasets: Sequence[DataPath],
        *,
        folds: Collection[int] | None = None,
        emotions: Collection[str] | None = None,
    ) -> None:
        self.datasets = list(datasets)
        self.corpora = _load_corpora(datasets, emotions)
        require_different(self.corpora)
        self.folds = choose_corpus_folds(corpus_folds(self.corpora), folds)
        self._recipe = {"emotions": None if emotions is None else list(emotions)}

    def report_folder(self, system: str) -> Path:
        """Return the default folder of a system's report."""
        return Path(f"{system}-{CORPORA}")

    def describe(self, system: str, **recipe: object) -> dict[str, Any]:
        """Return the head of a system's report."""
        numbers = [fold.number for fold in self.folds]
        return describe_corpora_evaluation(system, self.corpora, numbers, **self._recipe, **recipe)

    def training_corpora(self, fold: CorpusFold) -> Sequence[Corpus]:
        """Return what a fold is trained on."""
        return fold.training

    def cross_validate(self, pipeline: TrainingPipeline, predict: PredictFunction, keep: Keep) -> CorporaPredictions:
        """Fit and test a pipeline on the chosen folds."""
        numbers = [fold.number for fold in self.folds]
        return cross_validate_corpora(pipeline, self.corpora, folds=numbers, predict=predict, keep=keep)

    def write_report(self, predictions: CorporaPredictions, folder: Path, about: dict[str, Any]) -> CorporaMetrics:
        """Write the report of a system."""
        return write_corpora_report(predictions, self.corpora, folder, about, datasets=self.datasets)

    def table(self, system: str, metrics: CorporaMetrics) -> Table:
        """Lay the figures of a system out for a terminal."""
        clips = sum(part.clips for part in metrics.corpora)
        return corpora_table(metrics, self.corpora, title=f"{system}, each corpus left out, {clips} clips")


class EvaluationPlan:
    """Evaluation of one classifier on a split, with a report.

    Parameters
    ----------
    split : SpeakerSplit or CorpusSplit
        What is tested.
    classifier : str
        One of `affetto.classifiers.CLASSIFIERS`.
    folder : path, optional
        The report's folder; by default it is named after classifier and protocol.
    encoders : sequence of str, optional
        The transformer's Whisper checkpoints: folders, or names on the Hugging Face hub.
    adapted : int, optional
        Adapt to this number of other test recordings before each prediction; for the transformer.
    adapted_to : {"speaker", "corpus"}
        Whether these recordings are of the same speaker, or of any.
    models : path, optional
        Keep each fold's model in this folder, as the bundle ``fold-N``.

    Raises
    ------
    ParameterError
        If an option does not fit the classifier, or a folder is inside a corpus, cannot be made, or holds other files.
    BundleError
        If a folder of models holds another model.

    Examples
    --------
    >>> split = SpeakerSplit("ravdess", "emobox")  # doctest: +SKIP
    >>> predictions, metrics = EvaluationPlan(split, "svm").run()  # doctest: +SKIP
    >>> metrics.uar  # doctest: +SKIP
    """

    def __init__(
        self,
        split: SpeakerSplit | CorpusSplit,
        classifier: str,
        folder: DataPath | None = None,
        *,
        encoders: Sequence[str] | None = None,
        adapted: int | None = None,
        adapted_to: AdaptedTo = "speaker",
        models: DataPath | None = None,
    ) -> None:
        self.split = cast("Any", split)
        self.classifier = classifier
        self.folder = split.report_folder(classifier) if folder is None else Path(folder)
        self._predict = _predict_function(classifier, adapted, adapted_to)
        self.pipeline = build_pipeline(classifier, encoders=encoders)
        self._models = None if models is None else Path(models)
        if self._models is not None:
            _require_all_outside(self._models, split.datasets)
            for fold in split.folds:
                corpora = self.split.training_corpora(fold)
                require_fold_folder(self.pipeline, classifier, fold.number, corpora, self._models)
        # Options without effect stand in the head too, so that a report of another evaluation is not replaced.
        recipe: dict[str, object] = {
            "affetto": __version__,
            "adapted_to": None if adapted is None else {adapted_to: adapted},
        }
        if encoders_used := describe_encoders(self.pipeline):
            recipe["encoders"] = encoders_used
        self._about = split.describe(classifier, **recipe)
        prepare_folder(self.folder, self._about, datasets=split.datasets)

    def run(self, *, resume: bool = False) -> tuple[Any, Any]:
        """Fit and test each fold, and write the report.

        Parameters
        ----------
        resume : bool
            Whether to use the checkpoints of an interrupted run.

        Returns
        -------
        predictions : Predictions or CorporaPredictions
        metrics : Metrics or CorporaMetrics
        """
        with keeping_checkpoints(self.pipeline, self.folder, resume=resume):
            return self.run_folds()

    def run_folds(self) -> tuple[Any, Any]:
        """Do as `run`, without checkpoints of its own."""
        predictions = self.split.cross_validate(self.pipeline, self._predict, self._keep)
        return predictions, self.split.write_report(predictions, self.folder, self._about)

    def _keep(self, fold: Fold | CorpusFold, fitted: TrainingPipeline) -> None:
        if self._models is not None:
            corpora: Sequence[Corpus] = self.split.training_corpora(fold)
            save_fold(fitted, self.classifier, fold.number, corpora, self._models)


class ComparisonPlan:
    """Evaluation of several classifiers on the same split, with paired tests.

    Parameters
    ----------
    split : SpeakerSplit
        What is tested; two speakers or more.
    classifiers : sequence of str, optional
        Two or more of `affetto.classifiers.CLASSIFIERS`; by default all.
    folder : path, optional
        Has a folder for each classifier's report; by default it is named after the protocol.
    encoders : sequence of str, optional
        The transformer's Whisper checkpoints.

    Attributes
    ----------
    evaluations : dict of str to EvaluationPlan

    Raises
    ------
    ParameterError
        If there are too few speakers or classifiers, or as `EvaluationPlan`.
    """

    def __init__(
        self,
        split: SpeakerSplit,
        classifiers: Sequence[str] | None = None,
        folder: DataPath | None = None,
        *,
        encoders: Sequence[str] | None = None,
    ) -> None:
        kinds = list(dict.fromkeys(classifiers or CLASSIFIERS))
        if split.n_test_speakers < 2:
            raise ParameterError(f"a paired test needs two test speakers or more; there is {split.n_test_speakers}")
        if len(kinds) < 2:
            raise ParameterError(f"the only classifier is {kinds[0]}; name another one to compare it with")
        with_encoders = [kind for kind in kinds if find_recipe(kind).encoders]
        if encoders and not with_encoders:
            raise ParameterError("encoders are for the transformer, which is not among the classifiers to compare")
        self.folder = split.report_folder("comparison") if folder is None else Path(folder)
        self.evaluations = {
            kind: EvaluationPlan(split, kind, self.folder / kind, encoders=encoders if kind in with_encoders else None)
            for kind in kinds
        }

    def run(self, *, resume: bool = False) -> Comparison:
        """Evaluate each classifier, and compare them; `resume` uses the checkpoints of an interrupted run."""
        systems = {}
        with ExitStack() as stack:  # the checkpoints of all are kept until the last is done
            for plan in self.evaluations.values():
                stack.enter_context(keeping_checkpoints(plan.pipeline, plan.folder, resume=resume))
            for kind, plan in self.evaluations.items():
                systems[kind], _ = plan.run_folds()
        return compare_systems(systems)


def _load_corpora(
    datasets: Sequence[DataPath], emotions: Collection[str] | None, name: str | None = None
) -> list[Corpus]:
    """Load corpora, with the clips of some emotions alone; the name is that of the first."""
    corpora = [load_corpus(dataset, name=None if index else name) for index, dataset in enumerate(datasets)]
    return corpora if emotions is None else choose_emotions(corpora, emotions)


def _require_all_outside(folder: Path, datasets: Sequence[DataPath]) -> None:
    for dataset in datasets:
        require_outside(folder, dataset)


def _predict_function(classifier: str, count: int | None, to: AdaptedTo) -> PredictFunction:
    if count is None:
        return unadapted
    if not find_recipe(classifier).encoders:
        raise ParameterError(f"adaptation is for the transformer; the {classifier} cannot be adapted")
    return adapted(count, to=to)
