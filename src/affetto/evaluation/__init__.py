"""Evaluation: protocols, predictions, metrics, paired tests, reports, and the robustness test.

Import is fast: scikit-learn, SciPy, matplotlib and rich are loaded by the functions that need them.
"""

from affetto.evaluation.adapted import unadapted
from affetto.evaluation.calibration import (
    CalibrationCurve,
    Coverage,
    ReliabilityBin,
    answer_above,
    measure_calibration,
)
from affetto.evaluation.compare import Comparison, Pair, compare_systems
from affetto.evaluation.corpora import CorpusFold, corpus_folds
from affetto.evaluation.corpora_metrics import CorporaFigures, CorporaMetrics, CorpusMetrics, Figure, measure_corpora
from affetto.evaluation.metrics import Metrics, PairedTest, Scores, measure_predictions, paired_test
from affetto.evaluation.predictions import CorporaPredictions, Predictions, ravdess_traits
from affetto.evaluation.protocols import PROTOCOLS, Fold, Protocol, get_protocol, inner_groups
from affetto.evaluation.report import write_corpora_report, write_report
from affetto.evaluation.resampling import Interval
from affetto.evaluation.robustness.conditions import Condition, choose_conditions, find_recordings, make_conditions
from affetto.evaluation.robustness.measure import Outcome, RobustnessRow, measure_robustness, summarize_robustness
from affetto.evaluation.tables import comparison_table, corpora_table, metrics_table, percent

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
    "ravdess_traits",
    "summarize_robustness",
    "unadapted",
    "write_corpora_report",
    "write_report",
]
