"""Reverberation by measured or simulated impulse responses of rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto._extras import require_extra
from affetto.augmentation.activity import restore_energy
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MIN_RT60_S, _MAX_RT60_S = 0.15, 3.0
_MIN_ROOM_M, _MAX_ROOM_M = (3.0, 2.5, 2.3), (8.0, 6.0, 3.5)
_WALL_M = 0.5
_DISTANCE_M = (0.5, 3.0)
_SPEED_M_S = 343.0
_MIXING_S = 0.06
_FADE_S = 0.02


def reverberate(samples: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve the sound with the impulse response of a room, and restore its energy.

    Parameters
    ----------
    response : ndarray, shape (n_response,)
        At the same sample rate, of any level.

    Raises
    ------
    ParameterError
        If the response is empty or silent.
    """
    from scipy.signal import fftconvolve

    magnitude = np.abs(response)
    if not magnitude.any():
        raise ParameterError("the impulse response is empty or silent; give a measured or simulated one")
    if not len(samples):
        return samples.copy()
    # The direct sound is the first peak at least half as strong as the strongest, which may be a reflection.
    direct = int(np.argmax(magnitude >= magnitude.max() / 2))
    return restore_energy(fftconvolve(samples, response)[direct : direct + len(samples)], samples)


def room_response(rt60_s: float, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Simulate the impulse response of a room with a speaker and a microphone at random places.

    The room is a shoebox of 3 to 8 by 2.5 to 6 by 2.3 to 3.5 m. Speaker and microphone are 0.5 to 3 m apart, and at
    least 0.5 m from the walls. Reflections of the first 60 ms are computed by the image method. Later ones are decaying
    noise, which is much faster.

    Parameters
    ----------
    rt60_s : float
        Time in which the sound decays by 60 dB, 0.15 to 3 s.
    sample_rate_hz : int
    rng : numpy.random.Generator
        Draws room and places.

    Returns
    -------
    ndarray, shape (n_response,)
        Begins 1 ms before the direct sound, and ends 60 dB below it.

    Raises
    ------
    MissingExtraError
        If the extra ``train`` is missing.

    References
    ----------
    J. Allen, D. Berkley: Image method for efficiently simulating small-room acoustics. JASA 65, 1979.
    E. Lehmann, A. Johansson: Diffuse reverberation model for efficient image-source simulation of room impulse
    responses. IEEE Transactions on Audio, Speech, and Language Processing 18, 2010.
    R. Scheibler, E. Bezzam, I. Dokmanić: Pyroomacoustics. ICASSP, 2018.
    """
    if not _MIN_RT60_S <= rt60_s <= _MAX_RT60_S:
        raise ParameterError(f"rt60_s is {rt60_s}; it must be {_MIN_RT60_S:g} to {_MAX_RT60_S:g} seconds")
    require_extra("train", purpose="simulating a room")
    import pyroomacoustics

    size = rng.uniform(_MIN_ROOM_M, _MAX_ROOM_M)
    absorption, _ = pyroomacoustics.inverse_sabine(rt60_s, size)
    # Reflections within the first 60 ms have met at most this many walls.
    order = int(np.ceil(_MIXING_S * _SPEED_M_S * np.sqrt(np.square(1 / size).sum())))
    room = pyroomacoustics.ShoeBox(
        size, fs=sample_rate_hz, materials=pyroomacoustics.Material(absorption), max_order=order
    )
    speaker, microphone = _places(size, rng)
    room.add_source(speaker)
    room.add_microphone(microphone)
    room.compute_rir()
    early = np.asarray(room.rir[0][0], dtype=np.float64)
    return _with_tail(early, rt60_s, sample_rate_hz, rng)


def _places(size: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw places of the speaker and the microphone until their distance is in range."""
    while True:
        places = rng.uniform(_WALL_M, size - _WALL_M, (2, 3))
        if _DISTANCE_M[0] <= np.linalg.norm(places[0] - places[1]) <= _DISTANCE_M[1]:
            return places[0], places[1]


def _with_tail(
    early: NDArray[np.float64], rt60_s: float, sample_rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Continue the early reflections with decaying noise of the same power."""
    mixing, fade = round(_MIXING_S * sample_rate_hz), round(_FADE_S * sample_rate_hz)
    begin = mixing - fade
    total = mixing + round(rt60_s * sample_rate_hz)
    early = np.pad(early, (0, max(0, total - len(early))))[:total]
    decay = 10 ** (-3 * (np.arange(total - begin) - fade / 2) / (rt60_s * sample_rate_hz))
    power = np.square(early[begin:mixing]).mean()
    tail = rng.standard_normal(total - begin) * np.sqrt(power) * decay
    # Reflections and noise are uncorrelated, so the squares of their weights add up to one.
    angle = np.clip(np.arange(total - begin) / fade, 0, 1) * np.pi / 2
    early[begin:] = early[begin:] * np.cos(angle) + tail * np.sin(angle)
    first = int(np.argmax(np.abs(early) >= np.abs(early).max() / 2))
    return early[max(0, first - round(0.001 * sample_rate_hz)) :].astype(np.float32)
