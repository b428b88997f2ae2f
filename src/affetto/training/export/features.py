"""Export a classifier of acoustic features to ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from affetto._onnx import OnnxModel
from affetto.errors import BundleError
from affetto.training.export.conversion import TOLERANCE, to_onnx
from affetto.training.export.modules import as_module

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS = 256
"""Rows that are compared at a time: a support vector machine needs memory for each row and vector."""


def export_classifier(classifier: Any, features: NDArray[np.float32]) -> bytes:
    """Convert a fitted classifier to ONNX, and check that it gives the same probabilities.

    Parameters
    ----------
    classifier : estimator
        A classifier of features, or a pipeline that ends in one.
    features : ndarray of float32, shape (n_utterances, n_features)
        Rows for the comparison.

    Returns
    -------
    bytes
        A model with the input `features`, shape (n_rows, n_features), and the output `probabilities`, shape (n_rows,
        n_classes), in the order of ``classifier.classes_``.

    Raises
    ------
    BundleError
        If a probability differs by more than `TOLERANCE`.
    """
    module = nn.Sequential(as_module(classifier), nn.Softmax(dim=1))
    example = torch.from_numpy(np.resize(features, (3, features.shape[1])).astype(np.float32))
    model = to_onnx(module, example, input_name="features", outputs=["probabilities"], any_size=0)
    serialized = bytes(model.SerializeToString(deterministic=True))
    difference = np.abs(onnx_probabilities(serialized, features) - classifier.predict_proba(features)).max()
    if not difference <= TOLERANCE:
        raise BundleError(
            f"the exported model's probabilities differ by {difference:.2g} from scikit-learn's; "
            f"at most {TOLERANCE:g} is allowed"
        )
    return serialized


def onnx_probabilities(model: bytes, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities that an exported model gives to rows of features."""
    runnable = OnnxModel(model)
    parts = np.array_split(features.astype(np.float32), -(-len(features) // _ROWS))
    return np.concatenate([runnable.run(["probabilities"], {"features": part})[0] for part in parts])
