"""From samples to probabilities: a bundle's pre-processing and features, then its ONNX model."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from affetto._onnx import OnnxModel
from affetto.errors import BundleError, MissingExtraError, ParameterError
from affetto.preprocessing.steps import STEPS, apply_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from affetto.bundles.bundle import Bundle


class ModelOutput(NamedTuple):
    """A model's output for one segment.

    Attributes
    ----------
    probabilities : ndarray of shape (n_labels,)
        Without adaptation and prior.
    embedding : ndarray of shape (n_dimensions,)
        The segment in the space of the bundle's offset model; empty if the bundle has none.
    """

    probabilities: NDArray[np.floating]
    embedding: NDArray[np.floating]


class OnnxClassifier:
    """Runs a bundle.

    Parameters
    ----------
    bundle : Bundle

    Attributes
    ----------
    sample_rate_hz : int
        The rate of the samples that the bundle takes.

    Raises
    ------
    BundleError
        If the manifest asks for a step or parameter that this version does not have, or if ONNX Runtime refuses the
        model.
    MissingExtraError
        If a library that its features or pre-processing need is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from affetto.bundles.bundle import find_bundle, load_bundle
    >>> classifier = OnnxClassifier(load_bundle(find_bundle("transformer")))
    >>> classifier.predict(np.zeros(16_000, np.float32)).probabilities.shape
    (8,)
    """

    def __init__(self, bundle: Bundle) -> None:
        self._folder = bundle.folder
        try:
            self.sample_rate_hz = int(bundle.manifest["input"]["sample_rate_hz"])
            self._steps = _steps(bundle.manifest)
            self._features = _features(bundle.manifest)
        except ImportError as error:
            raise _missing(bundle, error) from error
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"this version cannot run the bundle {bundle.folder}: {error}; upgrade affetto, or train it again"
            ) from None
        self._model = _loaded(bundle)
        self._input = self._model.input_names[0]
        self._outputs = ["probabilities", *({"embedding"} & set(self._model.output_names))]
        self._try_out(bundle)

    def predict(self, samples: NDArray[np.float32]) -> ModelOutput:
        """Return the probability of each label for one segment, and its embedding.

        Parameters
        ----------
        samples : ndarray, shape (n_samples,)
            At `sample_rate_hz`.
        """
        values = apply_steps(samples, self.sample_rate_hz, self._steps)
        if self._features is not None:
            from affetto.features import describe

            values = describe(values, self.sample_rate_hz, **self._features)
        try:
            probabilities, *embedding = self._model.run(self._outputs, {self._input: values[None]})
        except Exception as error:  # ONNX Runtime's errors have no common class, and nothing else runs here
            raise BundleError(
                f"the model in {self._folder} fails on {len(values)} values: {error}; train it again"
            ) from error
        return ModelOutput(probabilities[0], embedding[0][0] if embedding else np.zeros(0, np.float32))

    def _try_out(self, bundle: Bundle) -> None:
        """Run the bundle on a second of noise, so that a broken one fails here and not within a recording."""
        noise = np.random.default_rng(0).normal(0, 0.1, self.sample_rate_hz).astype(np.float32)
        try:
            output = self.predict(noise)
        except MissingExtraError:
            raise
        except ImportError as error:
            raise _missing(bundle, error) from error
        except ParameterError as error:  # a parameter of a step or of the features
            raise BundleError(f"the manifest of {bundle.folder} is invalid: {error}; train it again") from error
        if not (np.isfinite(output.probabilities).all() and np.isfinite(output.embedding).all()):
            raise BundleError(f"the model in {bundle.folder} returns values that are not finite; train it again")
        if len(output.probabilities) != len(bundle.labels):
            raise BundleError(
                f"the manifest of {bundle.folder} has {len(bundle.labels)} labels, "
                f"but its model returns {len(output.probabilities)} probabilities; train it again"
            )
        offsets = bundle.offset_model
        if offsets is not None and len(output.embedding) != offsets.n_dimensions:
            raise BundleError(
                f"the offset model of {bundle.folder} has {offsets.n_dimensions} dimensions, "
                f"but its model returns embeddings of {len(output.embedding)}; train it again"
            )


def _steps(manifest: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the pre-processing steps that the manifest names, with their parameters."""
    steps = [(str(step["step"]), dict(step["parameters"])) for step in manifest["preprocessing"]]
    for name, parameters in steps:
        if name not in STEPS:
            raise ValueError(f"there is no pre-processing step {name!r}")
        _check_parameters(STEPS[name], parameters)
    return steps


def _features(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the parameters of the features that the model takes; None if it takes samples."""
    kind = manifest["input"]["kind"]
    if kind == "waveform":
        return None
    if kind != "features":
        raise ValueError(f"there is no kind of input {kind!r}")
    from affetto.features import describe

    parameters = dict(manifest["features"])
    _check_parameters(describe, parameters)
    return parameters


def _check_parameters(function: Callable[..., object], parameters: Mapping[str, Any]) -> None:
    """Raise `TypeError` if a function of samples and a rate does not take the parameters."""
    inspect.signature(function).bind(None, None, **parameters)


def _loaded(bundle: Bundle) -> OnnxModel:
    try:
        return OnnxModel(bundle.model)
    except ImportError as error:
        raise MissingExtraError(f"onnxruntime cannot be imported: {error}; install it again") from error
    except Exception as error:  # ONNX Runtime's errors have no common class
        raise BundleError(f"ONNX Runtime cannot load the model in {bundle.folder}: {error}; copy it again") from error


def _missing(bundle: Bundle, error: ImportError) -> MissingExtraError:
    return MissingExtraError(f'the model {bundle.name} needs {error.name or error}: pip install "affetto[classic]"')
