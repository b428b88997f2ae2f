"""One channel from several: their mean, or the louder one where they cancel each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Cancellation is judged in windows: long enough to tell speech from chance, short enough to hold little sound back.
_WINDOW_S = 0.1
# The mean of unrelated channels has the sum of their powers over the square of their number. Below a seventh of that,
# one channel is inverted, as by crossed wires.
_MAX_SHARE = 0.15
# The choice must not alternate between two channels that are about equally loud.
_CLEARLY_LOUDER = 2.0
# Inaudible mean power: -100 dB relative to full scale.
_MIN_POWER = 1e-10
# Share of the energy whose cancellation is worth a warning; a quiet moment may cancel by chance.
_MIN_WARNED_SHARE = 0.1


class Downmix:
    """Mix channels to one, piece by piece. The sizes of the pieces do not change the result.

    Parameters
    ----------
    sample_rate_hz : int
        Sample rate.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._window = round(_WINDOW_S * sample_rate_hz)
        self._kept: NDArray[np.floating] | None = None
        self._energies: NDArray[np.floating] = np.zeros(0)  # of each channel, in the windows that cancel
        self._chosen = 0
        self._n_cancelled = 0
        self._energy = self._cancelled_energy = 0.0

    @property
    def warning(self) -> str:
        """A sentence without its subject about channels that cancel each other; empty if they do not."""
        if self._cancelled_energy <= _MIN_WARNED_SHARE * self._energy:
            return ""
        return (
            f"has channels that cancel each other, as if one were inverted: for {self._n_cancelled / self._rate:.1f} s "
            "the louder one was taken instead of their mean; give the number of a channel to choose one"
        )

    def push(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """Take more samples, and return those that are ready.

        Parameters
        ----------
        samples : ndarray of floats, shape (n_samples, n_channels)
            The number of channels may change from piece to piece.

        Returns
        -------
        ndarray, shape (n_ready_samples,)
            All samples of a mono piece; otherwise those that fill whole windows.
        """
        before = []
        if self._kept is not None and self._kept.shape[1] != samples.shape[1]:
            before = [self.end()]
        if samples.shape[1] == 1:
            mixed = samples[:, 0]
        else:
            samples = samples if self._kept is None else np.concatenate([self._kept, samples])
            n_whole = len(samples) - len(samples) % self._window
            mixed = self._mixed(samples[:n_whole])
            # A copy: the caller may reuse the memory of the piece.
            self._kept = samples[n_whole:].copy()
        return np.concatenate([*before, mixed]) if before else mixed

    def end(self) -> NDArray[np.floating]:
        """Return the samples of the last, shorter window."""
        kept, self._kept = self._kept, None
        return np.empty(0, np.float32) if kept is None else self._mixed(kept)

    def _mixed(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the mean, with the louder channel in windows that cancel."""
        mean: NDArray[np.floating] = samples.mean(axis=1, dtype=samples.dtype)
        if not len(samples):
            return mean
        starts = np.arange(0, len(samples), self._window)
        energies, left = _energies(samples, starts), _energies(mean[:, None], starts)[:, 0]
        total = energies.sum(axis=1)
        self._energy += float(total.sum())
        # NaN makes every comparison false; the caller refuses it in the mean.
        cancels = (left < _MAX_SHARE * total / samples.shape[1] ** 2) & (total > _MIN_POWER * self._window)
        for window in np.flatnonzero(cancels):
            piece = slice(starts[window], starts[window] + self._window)
            mean[piece] = samples[piece, self._loudest(energies[window])]
            self._n_cancelled += len(mean[piece])
            self._cancelled_energy += float(total[window])
        return mean

    def _loudest(self, energies: NDArray[np.floating]) -> int:
        """Return the channel that is loudest over all windows that cancel; change it only for a clearly louder one."""
        if len(self._energies) != len(energies):
            self._energies, self._chosen = np.zeros(len(energies)), int(energies.argmax())
        self._energies += energies
        loudest = int(self._energies.argmax())
        if self._energies[loudest] > _CLEARLY_LOUDER * self._energies[self._chosen]:
            self._chosen = loudest
        return self._chosen


def downmix(samples: NDArray[np.floating], sample_rate_hz: int) -> tuple[NDArray[np.floating], str]:
    """Mix the samples of a whole recording, of shape (n_samples, n_channels); return the mix and a warning."""
    mix = Downmix(sample_rate_hz)

    def pieces() -> Iterator[NDArray[np.floating]]:
        # A minute at a time: intermediate results are larger than the samples.
        for start in range(0, len(samples), 60 * sample_rate_hz):
            yield mix.push(samples[start : start + 60 * sample_rate_hz])
        yield mix.end().astype(samples.dtype, copy=False)

    return np.concatenate(list(pieces())), mix.warning


def _energies(samples: NDArray[np.floating], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the energy of each channel in each window without its mean, shape (n_windows, n_channels)."""
    lengths = np.diff(starts, append=len(samples))[:, None]
    sums = np.add.reduceat(samples, starts, dtype=np.float64)
    energies: NDArray[np.float64] = np.add.reduceat(np.square(samples, dtype=np.float64), starts) - sums**2 / lengths
    return np.maximum(energies, 0.0)
