"""Evaluation: protocols, predictions, metrics, paired tests, reports, and the robustness test.

Import is fast: scikit-learn, SciPy, matplotlib and rich are loaded by the functions that need them.
"""

from affetto.evaluation.calibration import answer_above, measure_calibration
from affetto.evaluation.compare import Comparison, compare_systems
from affetto.evaluation.corpora_metrics import CorporaFigures, CorporaMetrics, Figure, measure_corpora
from affetto.evaluation.metrics import Metrics, PairedTest, Scores, measure_predictions, paired_test
from affetto.evaluation.predictions import CorporaPredictions, Predictions
from affetto.evaluation.protocols import PROTOCOLS, Protocol, get_protocol
from affetto.evaluation.report import (
    describe_corpora_evaluation,
    describe_evaluation,
    prepare_folder,
    write_corpora_report,
    write_report,
)
from affetto.evaluation.resampling import Interval
from affetto.evaluation.robustness.conditions import Condition, choose_conditions, find_recordings, make_conditions
from affetto.evaluation.robustness.measure import Outcome, measure_robustness, summarize_robustness
from affetto.evaluation.robustness.run import run_robustness_test
from affetto.evaluation.tables import comparison_table, corpora_table, metrics_table, percent

__all__ = [
    "PROTOCOLS",
    "Comparison",
    "Condition",
    "CorporaFigures",
    "CorporaMetrics",
    "CorporaPredictions",
    "Figure",
    "Interval",
    "Metrics",
    "Outcome",
    "PairedTest",
    "Predictions",
    "Protocol",
    "Scores",
    "answer_above",
    "choose_conditions",
    "compare_systems",
    "comparison_table",
    "corpora_table",
    "describe_corpora_evaluation",
    "describe_evaluation",
    "find_recordings",
    "get_protocol",
    "make_conditions",
    "measure_calibration",
    "measure_corpora",
    "measure_predictions",
    "measure_robustness",
    "metrics_table",
    "paired_test",
    "percent",
    "prepare_folder",
    "run_robustness_test",
    "summarize_robustness",
    "write_corpora_report",
    "write_report",
]
