"""Evaluation: who is tested on whom, what comes out, and whether a difference is one.

Cheap to import: scikit-learn, SciPy, matplotlib and rich are loaded by the functions that need them.
"""

from affetto.evaluation.compare import Comparison, Pair, compare, comparison_table
from affetto.evaluation.loop import evaluate
from affetto.evaluation.metrics import Interval, Metrics, PairedTest, Scores, measure, paired_test
from affetto.evaluation.predictions import Predictions, ravdess_traits
from affetto.evaluation.protocols import PROTOCOLS, Fold, Protocol, get_protocol, inner_groups
from affetto.evaluation.report import metrics_table, percent, prepare_folder, write_report

__all__ = [
    "PROTOCOLS",
    "Comparison",
    "Fold",
    "Interval",
    "Metrics",
    "Pair",
    "PairedTest",
    "Predictions",
    "Protocol",
    "Scores",
    "compare",
    "comparison_table",
    "evaluate",
    "get_protocol",
    "inner_groups",
    "measure",
    "metrics_table",
    "paired_test",
    "percent",
    "prepare_folder",
    "ravdess_traits",
    "write_report",
]
