"""Bodies for schemathesis: real recordings, so that answers are those of success, and some rubbish."""

import io
from pathlib import Path

import numpy as np
import schemathesis
import soundfile
from hypothesis import strategies as st

_RECORDING = (Path(__file__).parents[2] / "examples" / "angry.flac").read_bytes()
_silence = io.BytesIO()
soundfile.write(_silence, np.zeros((8_000, 2)), 8_000, format="WAV")
_BODIES = st.sampled_from([_RECORDING, _silence.getvalue(), _RECORDING[:9_000], b"", b"rubbish", bytes(1_000)])

schemathesis.openapi.media_type("application/octet-stream", _BODIES)
schemathesis.openapi.format("binary", _BODIES)
