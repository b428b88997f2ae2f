"""Importing augmentation does not import the libraries of single degradations."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, sys
import affetto, affetto.evaluation, affetto.augmentation, affetto.augmentation.channel, affetto.augmentation.codecs
import affetto.augmentation.rooms, affetto.augmentation.synthesis
from affetto.augmentation import add_noise, encode, synthetic_noise
affetto.evaluation.make_conditions()
print(json.dumps(sorted(sys.modules)))
"""


def test_importing_augmentation_imports_only_numpy() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, encoding="utf-8")
    modules = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not modules & {"av", "joblib", "librosa", "matplotlib", "noisereduce", "pyroomacoustics", "scipy", "soxr"}
