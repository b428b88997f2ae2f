"""Bundles: a trained model as a folder of ``model.onnx`` and ``manifest.json``.

Loading a bundle executes no code from it and needs none of the libraries that trained it. The manifest holds the
checksums of the model and of its own content.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from affetto._files import write_bytes
from affetto.adaptation.prior import BALANCED, resolve_prior
from affetto.errors import BundleError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from affetto.adaptation.offset_model import OffsetModel
    from affetto.adaptation.prior import Prior

Value = TypeVar("Value")

FORMAT_VERSION = 1
"""Incremented when older versions of Affetto cannot read a manifest any more; older manifests stay readable."""

MODEL_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"

_REQUIRED: Mapping[str, type] = {
    "name": str,
    "version": str,
    "classifier": str,
    "labels": list,
    "input": dict,
    "preprocessing": list,
    "licence": str,
    "model": dict,
}


@dataclass(frozen=True)
class Bundle:
    """A trained model, checked and ready to run.

    Attributes
    ----------
    folder : Path
    manifest : mapping
        All metadata; see ``docs/reference/bundles.md``.
    model : bytes
        The ONNX model.

    Raises
    ------
    BundleError
        By a property whose field of the manifest is invalid.

    Examples
    --------
    >>> bundle = load_bundle(find_bundle("transformer"))
    >>> bundle.labels[:3], 0 < bundle.threshold < 1
    (('neutral', 'calm', 'happy'), True)
    """

    folder: Path
    manifest: Mapping[str, Any]
    model: bytes

    @property
    def name(self) -> str:
        """The bundle's name."""
        return str(self.manifest["name"])

    @property
    def version(self) -> str:
        """The bundle's version."""
        return str(self.manifest["version"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions, in the order of the model's probabilities."""
        return tuple(self.manifest["labels"])

    @property
    def threshold(self) -> float:
        """Answers of less confidence are uncertain; 0 if the model was not calibrated."""
        return self._parsed("calibration", lambda: float(self.manifest.get("calibration", {}).get("threshold", 0.0)))

    @property
    def prior(self) -> Prior:
        """The prior that recognizers use by default."""
        prior: Prior = self.manifest.get("prior", BALANCED)
        self._parsed("prior", lambda: resolve_prior(prior, self.labels))
        return prior

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """The relative frequency of each emotion in training, above 0 and up to 1; by default all are 1."""
        return self._parsed("frequencies", self._frequencies)

    @property
    def offset_model(self) -> OffsetModel | None:
        """The model of how embeddings depend on speaker and recording; None if the bundle cannot be adapted."""
        return None if self.manifest.get("offset_model") is None else self._parsed("offset_model", self._offset_model)

    def _frequencies(self) -> NDArray[np.float64]:
        content = self.manifest.get("frequencies", [1.0] * len(self.labels))
        values = np.asarray(content, dtype=np.float64)
        if values.shape != (len(self.labels),) or not ((values > 0) & (values <= 1)).all():
            raise ValueError(f"they are {content}, not one number above 0, up to 1, for each label")
        return values

    def _offset_model(self) -> OffsetModel:
        from affetto.adaptation.offset_model import OffsetModel

        model = OffsetModel.from_dict(self.manifest["offset_model"])
        if len(model.means) != len(self.labels):
            raise ValueError(f"it has means of {len(model.means)} emotions, and there are {len(self.labels)} labels")
        return replace(model, log_prior=np.log(self.frequencies))

    def _parsed(self, field: str, parse: Callable[[], Value]) -> Value:
        """Return a parsed field of the manifest; an invalid one raises `BundleError`."""
        try:
            return parse()
        except BundleError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise BundleError(
                f"the manifest of {self.folder} has an invalid {field}: {error}; train it again"
            ) from None


def bundled_models() -> dict[str, Path]:
    """Return the folders of the models that ship with the package, by name."""
    models = Path(__file__).parents[1] / "models"
    return {path.parent.name: path.parent for path in sorted(models.glob(f"*/{MANIFEST_FILE}"))}


def find_bundle(model: str | os.PathLike[str]) -> Path:
    """Return the folder of a model, given that folder or the name of a model that ships with the package.

    Raises
    ------
    BundleError
        If there is neither.
    """
    shipped = bundled_models()
    path = Path(model)
    # A bundle in the current folder takes precedence over a shipped one of that name.
    if isinstance(model, str) and model in shipped and not (path / MANIFEST_FILE).is_file():
        return shipped[model]
    if not path.is_dir() or model == "":  # Path("") is the current folder
        raise BundleError(f"there is no model {str(model)!r}; give a folder, or one of {', '.join(shipped)}")
    return path


def load_bundle(folder: str | os.PathLike[str]) -> Bundle:
    """Read and check a bundle.

    Raises
    ------
    BundleError
        If a file is missing or damaged, or the format is too new.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder / MANIFEST_FILE)
    model_path = folder / MODEL_FILE
    try:
        model = model_path.read_bytes()
    except OSError as error:
        raise BundleError(f"{model_path} cannot be read: {error.strerror}; copy the whole bundle again") from None
    if hashlib.sha256(model).hexdigest() != manifest["model"].get("sha256"):
        raise BundleError(
            f"{model_path} is not the model that its manifest describes (its sha256 differs); copy or train it again"
        )
    return Bundle(folder, manifest, model)


def write_bundle(folder: Path, manifest: Mapping[str, Any], model: bytes) -> Bundle:
    """Write a bundle.

    Parameters
    ----------
    folder : Path
        Created if it is missing.
    manifest : mapping
        Without format version and checksums.
    model : bytes
        The ONNX model.

    Returns
    -------
    Bundle
        As `load_bundle` reads it back.

    Raises
    ------
    ParameterError
        If it cannot be written. Each file is then the old one or the new one, and complete.
    """
    described = {"file": MODEL_FILE, "bytes": len(model), "sha256": hashlib.sha256(model).hexdigest()}
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / MODEL_FILE, model)
    _write_manifest(folder, {"format_version": FORMAT_VERSION, **manifest, "model": described})
    return load_bundle(folder)


def update_manifest(folder: Path, fields: Mapping[str, Any]) -> Bundle:
    """Change fields of a bundle's manifest, and its checksum.

    Parameters
    ----------
    folder : Path
    fields : mapping
        The new JSON value of each field; None removes the field.

    Returns
    -------
    Bundle
        As `load_bundle` reads it back.

    Raises
    ------
    BundleError
        If the bundle is missing or damaged.
    """
    manifest = {**load_bundle(folder).manifest, **fields}
    _write_manifest(folder, {field: value for field, value in manifest.items() if value is not None})
    return load_bundle(folder)


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest and its checksum, the checksums last."""
    last = ("model", "manifest_sha256")
    content = {field: value for field, value in manifest.items() if field not in last} | {"model": manifest["model"]}
    content["manifest_sha256"] = _manifest_digest(content)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_bytes(folder / MANIFEST_FILE, text.encode())


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{path.parent} is not a model bundle: it has no {path.name}") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON
        raise BundleError(f"{path} is damaged: {error}; copy the bundle again") from None
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if not isinstance(version, int):
        raise BundleError(f"{path} is not the manifest of a model bundle: it has no format_version")
    if not 1 <= version <= FORMAT_VERSION:
        raise BundleError(
            f"{path} has format version {version}; this Affetto reads up to {FORMAT_VERSION}: upgrade affetto"
        )
    if manifest.get("manifest_sha256") != _manifest_digest(manifest):
        raise BundleError(f"{path} was changed after it was written (its checksum differs); copy or train it again")
    for key, kind in _REQUIRED.items():
        if not isinstance(manifest.get(key), kind):
            raise BundleError(f"{path} has no valid {key!r} ({manifest.get(key)!r}); train the bundle again")
    if not manifest["labels"] or not all(isinstance(label, str) for label in manifest["labels"]):
        raise BundleError(f"{path} has no valid 'labels' ({manifest['labels']!r}); train the bundle again")
    return manifest


def _manifest_digest(manifest: Mapping[str, Any]) -> str:
    """Return the checksum of a manifest's content, without whitespace and the checksum itself."""
    content = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
