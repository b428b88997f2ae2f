"""One channel of several: their mean, or the louder one where they cancel each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Whether channels cancel is judged by windows of this length: long enough to tell a voice from chance, short enough to
# hold little sound back.
_WINDOW_S = 0.1
# The mean of unrelated channels has the sum of their powers over the square of their number. A tenth of that comes from
# channels that contradict each other: one is inverted, as by a cable or a converter with crossed wires.
_CANCELLED = 0.1
# Between two channels as loud as each other the choice must not go back and forth.
_CLEARLY_LOUDER = 2.0
# Mean power of what nobody would notice: -100 dB relative to full scale.
_NOTHING = 1e-10
# Part of a recording's energy whose cancellation is worth a remark: by chance a quiet moment may cancel in any.
_WORTH_SAYING = 0.1


class Downmix:
    """Makes one channel of several, piece by piece; the sizes of the pieces make no difference.

    Parameters
    ----------
    sample_rate_hz : int
        Of the sound.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._window = round(_WINDOW_S * sample_rate_hz)
        self._kept: NDArray[np.floating] | None = None
        self._energies: NDArray[np.floating] = np.zeros(0)  # of each channel, over the windows that cancel
        self._chosen = 0
        self._n_cancelled = 0
        self._energy = 0.0

    @property
    def note(self) -> str:
        """What is to be said of channels that cancel, a sentence without its subject; nothing if they do not."""
        if self._energies.sum() <= _WORTH_SAYING * self._energy:
            return ""
        return (
            f"has channels that cancel each other, as if one were inverted: for {self._n_cancelled / self._rate:.1f} s "
            "the louder one was taken instead of their mean; give a channel's number to choose one"
        )

    def push(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """Take more sound.

        Parameters
        ----------
        samples : ndarray of floats, shape (n_samples, n_channels)
            The number of channels may change from piece to piece.

        Returns
        -------
        ndarray, shape (n_ready_samples,)
            All of it where there is one channel; else what fills whole windows.
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
            # A copy: the piece may be a buffer that its owner fills again.
            self._kept = samples[n_whole:].copy()
        return np.concatenate([*before, mixed]) if before else mixed

    def end(self) -> NDArray[np.floating]:
        """Return what does not fill a window."""
        kept, self._kept = self._kept, None
        return np.empty(0, np.float32) if kept is None else self._mixed(kept)

    def _mixed(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the mean, in which the windows that cancel are replaced."""
        mean: NDArray[np.floating] = samples.mean(axis=1, dtype=samples.dtype)
        if not len(samples):
            return mean
        starts = np.arange(0, len(samples), self._window)
        energies, left = _energies(samples, starts), _energies(mean[:, None], starts)[:, 0]
        total = energies.sum(axis=1)
        self._energy += float(total.sum())
        # No comparison holds where a sample is no number: such are found and refused in the mean.
        cancels = (left < _CANCELLED * total / samples.shape[1] ** 2) & (total > _NOTHING * self._window)
        for window in np.flatnonzero(cancels):
            piece = slice(starts[window], starts[window] + self._window)
            mean[piece] = samples[piece, self._louder(energies[window])]
            self._n_cancelled += len(mean[piece])
        return mean

    def _louder(self, energies: NDArray[np.floating]) -> int:
        """Return the channel that is loudest over all windows that cancel, and stay with one that is nearly so."""
        if len(self._energies) != len(energies):
            self._energies, self._chosen = np.zeros(len(energies)), int(energies.argmax())
        self._energies += energies
        loudest = int(self._energies.argmax())
        if self._energies[loudest] > _CLEARLY_LOUDER * self._energies[self._chosen]:
            self._chosen = loudest
        return self._chosen


def downmix(samples: NDArray[np.floating], sample_rate_hz: int) -> tuple[NDArray[np.floating], str]:
    """Make one channel of a whole recording.

    Parameters
    ----------
    samples : ndarray of floats, shape (n_samples, n_channels)
    sample_rate_hz : int

    Returns
    -------
    samples : ndarray, shape (n_samples,)
    note : str
        As `Downmix.note`.
    """
    mix = Downmix(sample_rate_hz)

    def pieces() -> Iterator[NDArray[np.floating]]:
        # A minute at a time: what is computed on the way is larger than the sound.
        for start in range(0, len(samples), 60 * sample_rate_hz):
            yield mix.push(samples[start : start + 60 * sample_rate_hz])
        yield mix.end().astype(samples.dtype, copy=False)

    return np.concatenate(list(pieces())), mix.note


def _energies(samples: NDArray[np.floating], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the energy of each channel in each window, of shape (n_windows, n_channels); an offset does not count."""
    lengths = np.diff(starts, append=len(samples))[:, None]
    sums = np.add.reduceat(samples, starts, dtype=np.float64)
    energies: NDArray[np.float64] = np.add.reduceat(np.square(samples, dtype=np.float64), starts) - sums**2 / lengths
    return np.maximum(energies, 0.0)
