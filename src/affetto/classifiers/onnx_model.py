"""From samples to probabilities: the recorded pre-processing and features, then the ONNX model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto._onnx import OnnxModel
from affetto.errors import BundleError, MissingExtraError
from affetto.preprocessing.steps import STEPS, apply_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affetto.bundles.bundle import Bundle


class ModelOutput(NamedTuple):
    """What a model makes of one utterance.

    Attributes
    ----------
    probabilities : ndarray of shape (n_labels,)
        Unadapted.
    embedding : ndarray of shape (n_dimensions,)
        Its place in the space of the bundle's offset model; of no dimensions where there is none.
    """

    probabilities: NDArray[np.floating]
    embedding: NDArray[np.floating]


class OnnxClassifier:
    """Runs a bundle.

    Parameters
    ----------
    bundle : Bundle

    Raises
    ------
    BundleError
        If the manifest asks for a step that this version does not have, or ONNX Runtime refuses the model.
    MissingExtraError
        If a library that its features or pre-processing need is not installed.
    """

    def __init__(self, bundle: Bundle) -> None:
        manifest = bundle.manifest
        self._folder = bundle.folder
        try:
            self.sample_rate_hz = int(manifest["input"]["sample_rate_hz"])
            self._steps = [(str(step["step"]), dict(step["parameters"])) for step in manifest["preprocessing"]]
            match manifest["input"]["kind"]:
                case "features":
                    self._features = manifest["features"]
                case "waveform":
                    self._features = None
                case kind:
                    raise ValueError(f"its input is of the kind {kind!r}")
            if unknown := [name for name, _ in self._steps if name not in STEPS]:
                raise ValueError(f"it needs the pre-processing {unknown[0]!r}")
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"{bundle.folder} is not a bundle that this version can run: {error}; upgrade affetto"
            ) from None
        self._model = _loaded(bundle)
        self._input = self._model.input_names[0]
        self._outputs = ["probabilities", *({"embedding"} & set(self._model.output_names))]
        # A second of noise: whatever does not fit together shows here, not in the middle of a recording.
        noise = np.random.default_rng(0).normal(0, 0.1, self.sample_rate_hz).astype(np.float32)
        try:
            trial = self.predict(noise)
        except (BundleError, MissingExtraError):
            raise
        except ImportError as error:
            raise MissingExtraError(
                f"the model {bundle.name} needs the library {error.name or error}, which cannot be imported here; "
                "install it, best by installing affetto again"
            ) from error
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # parameters of a step or feature
            raise BundleError(
                f"{bundle.folder} describes its pre-processing or features in a way unknown here: {error}; "
                "train it again"
            ) from error
        if not (np.isfinite(trial.probabilities).all() and np.isfinite(trial.embedding).all()):
            raise BundleError(f"{bundle.folder} gives answers that are no numbers; train it again")
        if len(trial.probabilities) != len(bundle.labels):
            raise BundleError(
                f"{bundle.folder} names {len(bundle.labels)} labels, "
                f"but its model gives {len(trial.probabilities)} probabilities"
            )
        offsets = bundle.offset_model
        if offsets is not None and len(trial.embedding) != offsets.n_dimensions:
            raise BundleError(
                f"{bundle.folder} describes offsets in {offsets.n_dimensions} dimensions, "
                f"but its model gives embeddings of {len(trial.embedding)}; train it again"
            )

    def predict(self, samples: NDArray[np.float32]) -> ModelOutput:
        """Return the probability of each label for one segment of sound, and where it lies among voices.

        Parameters
        ----------
        samples : ndarray, shape (n_samples,)
            At `sample_rate_hz`.

        Returns
        -------
        ModelOutput
        """
        prepared = apply_steps(samples, self.sample_rate_hz, self._steps)
        taken = self._taken(prepared)[None]
        try:
            probabilities, *embedding = self._model.run(self._outputs, {self._input: taken})
        except Exception as error:  # ONNX Runtime's errors share no narrower class, and nothing else runs here
            raise BundleError(
                f"{self._folder} holds a model that fails on {taken.shape[1]} values: {error}; train it again"
            ) from error
        return ModelOutput(probabilities[0], embedding[0][0] if embedding else np.zeros(0, np.float32))

    def _taken(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the model takes: the samples themselves, or features of them."""
        if self._features is None:
            return samples
        from affetto.features import describe

        features: NDArray[np.float32] = describe(samples, self.sample_rate_hz, **self._features)
        return features


def _loaded(bundle: Bundle) -> OnnxModel:
    try:
        return OnnxModel(bundle.model)
    except ImportError as error:
        raise MissingExtraError(f"onnxruntime cannot be imported here: {error}; install it again") from error
    except Exception as error:  # ONNX Runtime's errors share no narrower class
        raise BundleError(f"{bundle.folder} holds a model that ONNX Runtime cannot load: {error}") from error
