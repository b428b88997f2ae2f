"""Evaluation: who is tested on whom, what comes out, and whether a difference is one.

Cheap to import: scikit-learn, SciPy, matplotlib and rich are loaded by the functions that need them.
"""

from affetto.evaluation.adapted import unadapted
from affetto.evaluation.calibration import (
    CalibrationCurve,
    Coverage,
    ReliabilityBin,
    answer_above,
    coverage_curve,
    measure_calibration,
    reliability_table,
)
from affetto.evaluation.compare import Comparison, Pair, compare_systems, comparison_table
from affetto.evaluation.corpora import CorpusFold, corpus_folds
from affetto.evaluation.corpora_metrics import CorporaFigures, CorporaMetrics, CorpusMetrics, Figure, measure_corpora
from affetto.evaluation.corpora_predictions import CorporaPredictions
from affetto.evaluation.corpora_report import corpora_table, prepare_corpora_folder, write_corpora_report
from affetto.evaluation.metrics import Metrics, PairedTest, Scores, measure_predictions, paired_test
from affetto.evaluation.predictions import Predictions, ravdess_traits
from affetto.evaluation.protocols import PROTOCOLS, Fold, Protocol, get_protocol, inner_groups
from affetto.evaluation.report import metrics_table, percent, prepare_folder, write_report
from affetto.evaluation.resampling import Interval
from affetto.evaluation.robustness.conditions import Condition, choose_conditions, find_recordings, make_conditions
from affetto.evaluation.robustness.measure import Outcome, RobustnessRow, measure_robustness, summarize_robustness

__all__ = [
    "PROTOCOLS",
    "CalibrationCurve",
    "Comparison",
    "Condition",
    "CorporaFigures",
    "CorporaMetrics",
    "CorporaPredictions",
    "CorpusFold",
    "CorpusMetrics",
    "Coverage",
    "Figure",
    "Fold",
    "Interval",
    "Metrics",
    "Outcome",
    "Pair",
    "PairedTest",
    "Predictions",
    "Protocol",
    "ReliabilityBin",
    "RobustnessRow",
    "Scores",
    "answer_above",
    "choose_conditions",
    "compare_systems",
    "comparison_table",
    "corpora_table",
    "corpus_folds",
    "coverage_curve",
    "find_recordings",
    "get_protocol",
    "inner_groups",
    "make_conditions",
    "measure_calibration",
    "measure_corpora",
    "measure_predictions",
    "measure_robustness",
    "metrics_table",
    "paired_test",
    "percent",
    "prepare_corpora_folder",
    "prepare_folder",
    "ravdess_traits",
    "reliability_table",
    "summarize_robustness",
    "unadapted",
    "write_corpora_report",
    "write_report",
]
