"""From a fitted scikit-learn chain to ONNX: what is saved needs none of the libraries that fitted it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._onnx import OnnxModel
from affetto.classifiers.estimators.mixture import GaussianMixtureClassifier
from affetto.classifiers.estimators.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier, signs_of_pairs
from affetto.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray
    from sklearn.mixture import GaussianMixture

TOLERANCE = 1e-4
"""How far the saved model's probabilities may be from scikit-learn's."""

_OPSET = 17


def export_classifier(classifier: Any, features: NDArray[np.float32]) -> bytes:
    """Convert a fitted classifier to ONNX and check that it gives the same probabilities.

    Parameters
    ----------
    classifier : estimator
        Maps rows of features to probabilities: a classifier, or a pipeline that ends in one.
    features : ndarray of float32, shape (n_utterances, n_features)
        Rows to compare both on.

    Returns
    -------
    bytes
        A model with the input `features` and the output `probabilities`, in the order of ``classifier.classes_``.

    Raises
    ------
    BundleError
        If a probability differs by more than `TOLERANCE`.
    """
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.pipeline import Pipeline
    from sklearn.svm import SVC

    _register_converters()
    scored = classifier.estimator_ if isinstance(classifier, TemperatureScaledClassifier) else classifier
    final = scored[-1] if isinstance(scored, Pipeline) else scored
    with warnings.catch_warnings():
        # skl2onnx 1.20 reads attributes of SVC that scikit-learn 1.9 deprecates.
        warnings.filterwarnings("ignore", "Attribute `prob[AB]_` was deprecated", FutureWarning)
        model = to_onnx(
            scored,
            initial_types=[("features", FloatTensorType([None, features.shape[1]]))],
            options={id(final): {"zipmap": False, **({"raw_scores": True} if isinstance(final, SVC) else {})}},
            target_opset=_OPSET,
        )
    model = _only_probabilities(model)
    if isinstance(classifier, TemperatureScaledClassifier):
        _temper(model, classifier)
    # skl2onnx lists what the model needs in another order each time.
    model.opset_import.sort(key=lambda opset: str(opset.domain))
    del model.graph.value_info[:]
    serialized = model.SerializeToString(deterministic=True)
    difference = np.abs(onnx_probabilities(serialized, features) - classifier.predict_proba(features)).max()
    if not difference <= TOLERANCE:
        raise BundleError(
            f"the exported model's probabilities differ by {difference:.2g} from scikit-learn's; "
            f"at most {TOLERANCE:g} is allowed"
        )
    return bytes(serialized)


def onnx_probabilities(model: bytes, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities that an exported model gives to rows of features."""
    runnable = OnnxModel(model)
    (probabilities,) = runnable.run(["probabilities"], {runnable.input_names[0]: features.astype(np.float32)})
    return np.asarray(probabilities)


def _only_probabilities(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop the label output: the manifest knows the labels."""
    from onnx.utils import Extractor

    (probabilities,) = [output.name for output in model.graph.output if output.name != "label"][:1]
    kept: onnx.ModelProto = Extractor(model).extract_model([model.graph.input[0].name], [probabilities])
    if probabilities != "probabilities":
        for node in kept.graph.node:
            node.output[:] = ["probabilities" if name == probabilities else name for name in node.output]
        kept.graph.output[0].name = "probabilities"
    kept.doc_string = ""
    return kept


def _temper(model: onnx.ModelProto, classifier: TemperatureScaledClassifier) -> None:
    """Append the softmax of a `TemperatureScaledClassifier` to a model of probabilities or scores."""
    from onnx.helper import make_node
    from onnx.numpy_helper import from_array

    graph = model.graph
    (last,) = [node for node in graph.node if "probabilities" in node.output]
    scores = "scores"
    if last.op_type == "Softmax":
        # What it is made of are logarithms, which have no bounds as probabilities of single precision have.
        (scores,) = last.input
        graph.node.remove(last)
    else:
        last.output[:] = [scores if name == "probabilities" else name for name in last.output]
        if hasattr(classifier.estimator_, "predict_proba"):
            graph.initializer.append(from_array(np.array(np.finfo(np.float32).tiny), "least"))
            graph.node.append(make_node("Max", [scores, "least"], ["bounded"]))
            graph.node.append(make_node("Log", ["bounded"], [scores := "logarithms"]))
    if (signs := signs_of_pairs(classifier.estimator_)) is not None:
        graph.initializer.append(from_array(signs.astype(np.float32), "signs"))
        graph.node.append(make_node("MatMul", [scores, "signs"], [scores := "margins"]))
    graph.initializer.append(from_array(np.array(classifier.inverse_temperature, np.float32), "inverse_temperature"))
    graph.node.append(make_node("Mul", [scores, "inverse_temperature"], ["sharpened"]))
    graph.node.append(make_node("Softmax", ["sharpened"], ["probabilities"], axis=1))


def _register_converters() -> None:
    """Teach skl2onnx our own estimators."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
    from sklearn.neural_network import MLPClassifier

    def rows_like(width: str) -> Callable[[Any], None]:
        def shapes(operator: Any) -> None:
            operator.outputs[0].type = FloatTensorType([None, len(getattr(operator.raw_operator, width))])

        return shapes

    def classifier_shapes(operator: Any) -> None:
        operator.outputs[0].type = Int64TensorType([None])
        operator.outputs[1].type = FloatTensorType([None, len(operator.raw_operator.classes_)])

    update_registered_converter(ClippedScaler, "AffettoClippedScaler", rows_like("mean_"), _convert_scaler)
    update_registered_converter(
        DiscriminantProjection, "AffettoDiscriminantProjection", rows_like("components_"), _convert_projection
    )
    for kind, convert in ((GaussianMixtureClassifier, _convert_mixture), (MLPClassifier, _convert_network)):
        update_registered_converter(
            kind,
            f"Affetto{kind.__name__}",
            classifier_shapes,
            convert,
            options={"zipmap": [True, False], "nocl": [True, False]},
        )


class _Graph:
    """Adds constants and nodes to the graph that skl2onnx builds."""

    def __init__(self, scope: Any, container: Any) -> None:
        self._scope = scope
        self._container = container

    def constant(self, value: Any, dtype: type[np.floating] = np.float64) -> str:
        from onnx.helper import np_dtype_to_tensor_dtype

        array = np.atleast_1d(np.asarray(value, dtype=dtype))
        name = str(self._scope.get_unique_variable_name("constant"))
        kind = np_dtype_to_tensor_dtype(array.dtype)
        self._container.add_initializer(name, kind, list(array.shape), array.ravel().tolist())
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or str(self._scope.get_unique_variable_name(kind))
        operator = self._scope.get_unique_operator_name(kind)
        self._container.add_node(kind, list(inputs), name, op_version=_OPSET, name=operator, **attributes)
        return name


def _convert_scaler(scope: Any, operator: Any, container: Any) -> None:
    graph, scaler = _Graph(scope, container), operator.raw_operator
    centred = graph.node("Sub", operator.inputs[0].full_name, graph.constant(scaler.mean_, np.float32))
    scaled = graph.node("Div", centred, graph.constant(scaler.scale_, np.float32))
    limits = [graph.node("Squeeze", graph.constant(sign * scaler.limit, np.float32)) for sign in (-1, 1)]
    output = operator.outputs[0].full_name
    if scaler.block_weights is None:
        graph.node("Clip", scaled, *limits, output=output)
    else:
        weights = graph.constant(scaler.weights_, np.float32)
        graph.node("Mul", graph.node("Clip", scaled, *limits), weights, output=output)


def _convert_projection(scope: Any, operator: Any, container: Any) -> None:
    graph, projection = _Graph(scope, container), operator.raw_operator
    centred = graph.node("Sub", operator.inputs[0].full_name, graph.constant(projection.mean_, np.float32))
    directions = graph.constant(projection.components_.T, np.float32)
    graph.node("MatMul", centred, directions, output=operator.outputs[0].full_name)


def _convert_mixture(scope: Any, operator: Any, container: Any) -> None:
    """Write mixtures as a graph: squared Mahalanobis distances, log-sum-exp by class, log-softmax, softmax.

    In double precision, since log-likelihoods are large numbers whose small differences decide.
    """
    from onnx import TensorProto

    graph = _Graph(scope, container)
    classifier: GaussianMixtureClassifier = operator.raw_operator
    features = graph.node("Cast", operator.inputs[0].full_name, to=TensorProto.DOUBLE)
    scores = []
    for mixture in classifier.mixtures_:
        components = []
        for mean, whitening, offset in zip(mixture.means_, *whitened_form(mixture), strict=True):
            centred = graph.node("Sub", features, graph.constant(mean[None]))
            combine = "MatMul" if whitening.ndim == 2 else "Mul"
            white = graph.node(combine, centred, graph.constant(whitening))
            distance = graph.node("ReduceSumSquare", white, axes=[1], keepdims=1)
            half = graph.node("Mul", distance, graph.constant(-0.5))
            components.append(graph.node("Add", half, graph.constant(offset)))
        concatenated = graph.node("Concat", *components, axis=1)
        scores.append(graph.node("ReduceLogSumExp", concatenated, axes=[1], keepdims=1))
    logarithms = graph.node("LogSoftmax", graph.node("Concat", *scores, axis=1), axis=1)
    _end(graph, operator, graph.node("Cast", logarithms, to=TensorProto.FLOAT))


def _convert_network(scope: Any, operator: Any, container: Any) -> None:
    """Write a perceptron as a graph that ends in a softmax, also of two classes: a sigmoid is 1 too early."""
    graph, network = _Graph(scope, container), operator.raw_operator
    kind = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "identity": "Identity"}[network.activation]
    value = operator.inputs[0].full_name
    for number, (weights, offsets) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        if number > 0:
            value = graph.node(kind, value)
        if number == network.n_layers_ - 2 and weights.shape[1] == 1:
            weights, offsets = (np.concatenate([0 * one, one], axis=-1) for one in (weights, offsets))
        product = graph.node("MatMul", value, graph.constant(weights, np.float32))
        value = graph.node("Add", product, graph.constant(offsets, np.float32))
    _end(graph, operator, value)


def _end(graph: _Graph, operator: Any, logarithms: str) -> None:
    """Give the most probable class and the probabilities of what are logarithms of these, up to a constant."""
    graph.node("ArgMax", logarithms, axis=1, keepdims=0, output=operator.outputs[0].full_name)
    graph.node("Softmax", logarithms, axis=1, output=operator.outputs[1].full_name)


def whitened_form(mixture: GaussianMixture) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Return for each component what whitens it (a matrix or a diagonal), and its log weight with all constants."""
    n_components, n_features = mixture.means_.shape
    factor = mixture.precisions_cholesky_
    match mixture.covariance_type:
        case "tied":
            whitenings = [factor] * n_components
        case "spherical":
            whitenings = [np.full(n_features, value) for value in factor]
        case _:
            whitenings = list(factor)
    log_determinants = np.array([np.log(np.diag(w) if w.ndim == 2 else w).sum() for w in whitenings])
    return whitenings, np.log(mixture.weights_) + log_determinants - 0.5 * n_features * np.log(2 * np.pi)
