"""Bundles: a trained chain as a folder of `model.onnx` and `manifest.json`.

Loading one executes no code from it and needs none of the libraries that trained it. All is covered by
checksums: the model's stands in the manifest, that of the manifest's content beside it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._files import write_bytes
from affetto.adaptation.prior import BALANCED, resolve_prior
from affetto.errors import BundleError, ParameterError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from affetto.adaptation.offset_model import OffsetModel
    from affetto.adaptation.prior import Prior

FORMAT_VERSION = 1
"""Raised when a manifest can no longer be read by the rules of the version before; older versions stay readable."""

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
    """A trained chain, checked and ready to run.

    Attributes
    ----------
    folder : Path
        Where it lies.
    manifest : mapping
        Everything about the model; see ``docs/reference/bundles.md``.
    model : bytes
        The ONNX model.
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
        """Answers of less confidence are uncertain; 0 where that was not measured.

        Raises
        ------
        BundleError
            If the manifest says so in a way that this version does not understand.
        """
        try:
            return float(self.manifest.get("calibration", {}).get("threshold", 0.0))
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise BundleError(
                f"{self.folder} describes its calibration in a way unknown here: {error}; train it again"
            ) from None

    @property
    def prior(self) -> Prior:
        """How frequent each emotion is, unless a recognizer is told otherwise; "balanced" where nothing says so.

        Raises
        ------
        BundleError
            If the manifest says so in a way that this version does not understand.
        """
        prior: Prior = self.manifest.get("prior", BALANCED)
        try:
            resolve_prior(prior, self.labels)
        except ParameterError as error:
            raise BundleError(f"{self.folder} has a prior that is unknown here: {error}; train it again") from None
        return prior

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """How frequent training took each emotion to be beside the others; all are 1 where nothing says so.

        Raises
        ------
        BundleError
            If the manifest says so in a way that this version does not understand.
        """
        content = self.manifest.get("frequencies", [1.0] * len(self.labels))
        try:
            values = np.asarray(content, dtype=np.float64)
            if values.shape != (len(self.labels),) or not ((values > 0) & (values <= 1)).all():
                raise ValueError(f"frequencies are {content}, and must be a number above 0, up to 1, for each label")
        except (TypeError, ValueError, OverflowError) as error:
            raise BundleError(
                f"{self.folder} describes frequencies of its labels in a way unknown here: {error}; train it again"
            ) from None
        return values

    @property
    def offset_model(self) -> OffsetModel | None:
        """How the model's embeddings shift with voice, room and language; None where it cannot be adapted.

        Raises
        ------
        BundleError
            If the manifest says so in a way that this version does not understand.
        """
        content = self.manifest.get("offset_model")
        if content is None:
            return None
        from affetto.adaptation.offset_model import OffsetModel

        log_prior = np.log(self.frequencies)
        try:
            model = OffsetModel.from_dict(content)
            if len(model.means) != len(self.labels):
                raise ValueError(f"means of {len(model.means)} emotions, and there are {len(self.labels)}")
            return replace(model, log_prior=log_prior)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BundleError(
                f"{self.folder} describes its offset model in a way unknown here: {error}; train it again"
            ) from None


def bundled_models() -> dict[str, Path]:
    """Return the folders of the models that ship with the package, by name."""
    models = Path(__file__).parents[1] / "models"
    return {path.parent.name: path.parent for path in sorted(models.glob(f"*/{MANIFEST_FILE}"))}


def find_bundle(model: str | os.PathLike[str]) -> Path:
    """Return the folder of a model that is named either by its folder or, if it ships with the package, by its name.

    Raises
    ------
    BundleError
        If there is neither.
    """
    shipped = bundled_models()
    path = Path(model)
    # A folder that somebody made here is meant, even if it is called like a model that ships.
    if isinstance(model, str) and model in shipped and not (path / MANIFEST_FILE).is_file():
        return shipped[model]
    if not path.is_dir() or model == "":  # which a path would take for the current folder
        raise BundleError(
            f"there is no model {str(model)!r}: neither a folder, nor one of those that ship: {', '.join(shipped)}"
        )
    return path


def load_bundle(folder: str | os.PathLike[str]) -> Bundle:
    """Read a bundle and check it.

    Parameters
    ----------
    folder : path
        Holds `model.onnx` and `manifest.json`.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If a file is missing or damaged, or the format is newer than this version of Affetto reads.
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
            f"{model_path} is not the file that its manifest describes (its sha256 differs); copy or train it again"
        )
    return Bundle(folder, manifest, model)


def write_bundle(folder: Path, manifest: Mapping[str, Any], model: bytes) -> Bundle:
    """Write a bundle.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    manifest : mapping
        Without format version and checksums, which are added.
    model : bytes
        The ONNX model.

    Returns
    -------
    Bundle
        As `load_bundle` reads it back.

    Raises
    ------
    ParameterError
        If it cannot be written; a file that was there before is whole, the old one or the new.
    """
    described = {"file": MODEL_FILE, "bytes": len(model), "sha256": hashlib.sha256(model).hexdigest()}
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / MODEL_FILE, model)
    _write_manifest(folder, {"format_version": FORMAT_VERSION, **manifest, "model": described})
    return load_bundle(folder)


def update_manifest(folder: Path, fields: Mapping[str, Any]) -> Bundle:
    """Change fields of a bundle's manifest, and its checksum with them; the model stays as it is.

    Parameters
    ----------
    folder : Path
        The bundle.
    fields : mapping
        The new value of each field, as JSON knows it; None removes the field.

    Returns
    -------
    Bundle
        As `load_bundle` reads it back.

    Raises
    ------
    BundleError
        If there is no bundle, or it is damaged: what cannot be trusted is given no new checksum.
    """
    manifest = {**load_bundle(folder).manifest, **fields}
    _write_manifest(folder, {field: value for field, value in manifest.items() if value is not None})
    return load_bundle(folder)


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest and its checksum; what says that both files are whole stands at the end."""
    last = ("model", "manifest_sha256")
    content = {field: value for field, value in manifest.items() if field not in last} | {"model": manifest["model"]}
    content["manifest_sha256"] = _manifest_digest(content)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_bytes(folder / MANIFEST_FILE, text.encode())


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{path.parent} is no model bundle: it holds no {path.name}") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON
        raise BundleError(f"{path} is damaged: {error}; copy the bundle again") from None
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if not isinstance(version, int):
        raise BundleError(f"{path} is no manifest of a model bundle: it has no format_version")
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
    """Checksum of a manifest's content, whatever its whitespace, without the checksum itself."""
    content = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
