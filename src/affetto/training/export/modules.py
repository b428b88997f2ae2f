"""Fitted estimators as torch modules, from which their ONNX models are exported."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from torch import Tensor, nn

from affetto.classifiers.estimators.discriminant import AdditiveDiscriminant
from affetto.classifiers.estimators.mixture import GaussianMixtureClassifier
from affetto.classifiers.estimators.neural import SequenceClassifier
from affetto.classifiers.estimators.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.estimators.sequences import SequenceScaler
from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier, pair_signs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from affetto.adaptation.offset_model import OffsetModel


def as_module(estimator: Any) -> nn.Module:
    """Return a fitted estimator as a module.

    Parameters
    ----------
    estimator : estimator
        A part of one of our recipes, or one with a method `as_module`.

    Returns
    -------
    Module
        Transformers become modules with the same output. Classifiers become modules whose output, up to a constant, is
        the logarithm of the probabilities: it keeps differences that single precision cannot show in probabilities near
        0 or 1. An `AdditiveDiscriminant` becomes its projection.

    Raises
    ------
    TypeError
        If the estimator has no module.

    Examples
    --------
    >>> as_module(ClippedScaler().fit([[0.0], [2.0]]))(torch.tensor([[2.0]]))
    tensor([[1.]])
    """
    match estimator:
        case Pipeline():
            return nn.Sequential(*(as_module(step) for _, step in estimator.steps))
        case TemperatureScaledClassifier():
            return nn.Sequential(as_module(estimator.estimator_), _Scale(estimator.inverse_temperature))
        case SequenceClassifier():
            return _Average([nn.Sequential(network, nn.LogSoftmax(dim=1)) for network in estimator.networks_])
        case ClippedScaler() | SequenceScaler():
            weights = getattr(estimator, "weights_", None)
            return _Standardize(estimator.mean_, estimator.scale_, estimator.limit, weights)
        case DiscriminantProjection() | AdditiveDiscriminant():
            # The mean goes into the offset: to subtract it first would take a pass over all features.
            return Affine(estimator.components_.T, -estimator.components_ @ estimator.mean_)
        case MLPClassifier(activation="relu"):
            return _perceptron(estimator)
        case SVC(kernel="rbf", decision_function_shape="ovo"):
            return _SupportVectors(estimator)
        case GaussianMixtureClassifier(covariance_type="full" | "diag"):
            return _Mixtures(estimator)
    if hasattr(estimator, "as_module"):
        return estimator.as_module()  # type: ignore[no-any-return]
    raise TypeError(f"{estimator} has no counterpart as a torch module, so it cannot be exported")


def emotions_module(model: OffsetModel) -> nn.Module:
    """Return a module from embeddings to the log-likelihoods of emotions for an unknown offset."""
    directions = model.means / (1 + model.offset_variance) / model.temperature
    return Affine(directions.T, -0.5 * (directions * model.means).sum(axis=1) + model.log_prior)


class Affine(nn.Module):
    """A product with a matrix, plus an offset."""

    matrix: Tensor
    offset: Tensor

    def __init__(self, matrix: ArrayLike, offset: ArrayLike) -> None:
        super().__init__()
        self.register_buffer("matrix", as_tensor(matrix))
        self.register_buffer("offset", as_tensor(offset))

    def forward(self, x: Tensor) -> Tensor:
        """Return `x @ matrix + offset`."""
        return torch.matmul(x, self.matrix) + self.offset


def as_tensor(values: ArrayLike) -> Tensor:
    """Return a contiguous tensor of float32."""
    return torch.tensor(np.ascontiguousarray(values), dtype=torch.float32)


class _Scale(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


class _Average(nn.Module):
    """The logarithm of the mean of probabilities, from their logarithms."""

    def __init__(self, parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([part(x) for part in self.parts]).logsumexp(0) - math.log(len(self.parts))


class _Standardize(nn.Module):
    mean: Tensor
    factor: Tensor
    weights: Tensor | None

    def __init__(self, mean: ArrayLike, scale: ArrayLike, limit: float, weights: ArrayLike | None = None) -> None:
        super().__init__()
        self.limit = limit
        self.register_buffer("mean", as_tensor(mean))
        self.register_buffer("factor", as_tensor(1 / np.asarray(scale)))
        self.register_buffer("weights", None if weights is None else as_tensor(weights))

    def forward(self, x: Tensor) -> Tensor:
        clipped = ((x - self.mean) * self.factor).clamp(-self.limit, self.limit)
        return clipped if self.weights is None else clipped * self.weights


def _perceptron(classifier: MLPClassifier) -> nn.Module:
    weights, offsets = list(classifier.coefs_), list(classifier.intercepts_)
    if len(classifier.classes_) == 2:  # one output, the logit of the second class
        weights[-1], offsets[-1] = (np.concatenate([0 * one, one], axis=-1) for one in (weights[-1], offsets[-1]))
    layers: list[nn.Module] = []
    for matrix, offset in zip(weights, offsets, strict=True):
        layers += [Affine(matrix, offset), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class _SupportVectors(nn.Module):
    """Scores of a support vector machine: for each class the sum of its margins over the others."""

    vectors: Tensor

    def __init__(self, classifier: SVC) -> None:
        super().__init__()
        n_classes = len(classifier.classes_)
        if n_classes == 2:
            coefficients, signs = classifier.dual_coef_.T, np.array([[-1.0, 1.0]])
        else:
            # scikit-learn keeps the coefficients of a class's vectors against each other class in one column.
            class_of = np.repeat(np.arange(n_classes), classifier.n_support_)
            pairs = [(first, second) for first in range(n_classes) for second in range(first + 1, n_classes)]
            columns = [
                np.where(class_of == first, classifier.dual_coef_[second - 1], 0)
                + np.where(class_of == second, classifier.dual_coef_[first], 0)
                for first, second in pairs
            ]
            coefficients, signs = np.stack(columns, axis=1), pair_signs(n_classes)
        self.gamma = float(classifier._gamma)  # the number, if the parameter is "scale"
        self.register_buffer("vectors", as_tensor(classifier.support_vectors_))
        self.scores = Affine(coefficients @ signs, classifier.intercept_ @ signs)

    def forward(self, x: Tensor) -> Tensor:
        distances = (x[:, None] - self.vectors).square().sum(2)
        scores: Tensor = self.scores(torch.exp(-self.gamma * distances))
        return scores


class _Mixtures(nn.Module):
    """Log-likelihoods of Gaussian mixtures, in double precision: their small differences decide."""

    means: Tensor
    whitenings: Tensor
    offsets: Tensor

    def __init__(self, classifier: GaussianMixtureClassifier) -> None:
        super().__init__()
        mixtures = classifier.mixtures_
        identity = np.eye(mixtures[0].means_.shape[1])
        whitenings = [mixture.precisions_cholesky_ for mixture in mixtures]
        if classifier.covariance_type == "diag":
            whitenings = [whitening[:, :, None] * identity for whitening in whitenings]
        offsets = [
            np.log(mixture.weights_) + np.log(np.diagonal(whitening, axis1=1, axis2=2)).sum(axis=1)
            for mixture, whitening in zip(mixtures, whitenings, strict=True)
        ]
        self.sizes = [mixture.n_components for mixture in mixtures]
        self.register_buffer("means", torch.tensor(np.concatenate([mixture.means_ for mixture in mixtures])))
        self.register_buffer("whitenings", torch.tensor(np.concatenate(whitenings)))
        self.register_buffer("offsets", torch.tensor(np.concatenate(offsets)))

    def forward(self, x: Tensor) -> Tensor:
        centred = (x.double()[:, None] - self.means)[:, :, None]
        densities = self.offsets - 0.5 * torch.matmul(centred, self.whitenings).square().sum((2, 3))
        classes = [part.logsumexp(1) for part in torch.split(densities, self.sizes, dim=1)]
        return torch.stack(classes, dim=1).log_softmax(1).float()
