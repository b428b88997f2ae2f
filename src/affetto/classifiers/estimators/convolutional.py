"""The convolutional network: from a batch of spectrograms to logits of the emotions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvolutionalNetwork(nn.Module):
    """A small convolutional network on a spectrogram, with mean and deviation over time.

    In training mode it augments the clips first; see `augment`.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Bands of the spectrogram; emotions.
    widths : sequence of int
        Channels of the four convolutions.
    embedding : int
        Channels of each frame before the statistics.

    References
    ----------
    D. S. Park et al.: SpecAugment: a simple data augmentation method for automatic speech recognition. Interspeech,
    2019.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        widths: tuple[int, int, int, int] = (16, 32, 64, 96),
        embedding: int = 96,
    ) -> None:
        super().__init__()
        # Speaker and microphone determine most of an utterance's mean spectrum: this share of it is subtracted.
        self.centring = 0.5
        kernels, strides = ((5, 7), (3, 3), (3, 3), (3, 3)), ((4, 4), (1, 2), (2, 2), (1, 2))
        blocks: list[nn.Module] = []
        for n_in, n_out, kernel, stride in zip((1, *widths[:3]), widths, kernels, strides, strict=True):
            padding = (kernel[0] // 2, kernel[1] // 2)
            convolution = nn.Conv2d(n_in, n_out, kernel, stride, padding, bias=False)
            blocks.append(nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU()))
        self.blocks = nn.ModuleList(blocks)
        self.strides = [stride[0] for stride in strides]
        self.embed = nn.Linear(widths[3] * -(-n_inputs // 32), embedding, bias=False)
        self.embed_norm, self.pooled_norm = nn.BatchNorm1d(embedding), nn.BatchNorm1d(2 * embedding)
        self.dropout, self.last = nn.Dropout(0.2), nn.Linear(2 * embedding, n_outputs)

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the logits.

        Parameters
        ----------
        frames : Tensor, shape (n_clips, n_frames, n_inputs)
        mask : Tensor of bool, shape (n_clips, n_frames), optional
            False for padding; by default no frame is padding.

        Returns
        -------
        Tensor, shape (n_clips, n_outputs)
        """
        if mask is None:
            mask = torch.ones_like(frames[..., 0], dtype=torch.bool)
        if self.training:
            frames, mask = self.augment(frames, mask)
        weights = mask[..., None].to(frames.dtype)
        x = frames - self.centring * (frames * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)
        x = (x * weights)[:, None]
        for block, stride in zip(self.blocks, self.strides, strict=True):
            # The mask of an output frame is that of its first input frame. Padding stays 0, as beyond a clip's end.
            weights = weights[:, ::stride]
            x = block(x) * weights[:, None]
        x = self.embed(x.transpose(1, 2).flatten(2))
        x = functional.relu(self.embed_norm(x.transpose(1, 2)).transpose(1, 2))
        weights = weights / weights.sum(1, keepdim=True)
        mean = (x * weights).sum(1)
        deviation = ((x - mean[:, None]).square() * weights).sum(1).add(1e-4).sqrt()
        logits: Tensor = self.last(self.dropout(self.pooled_norm(torch.cat([mean, deviation], dim=1))))
        return logits

    def augment(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Change tempo, level and spectral tilt at random, and set random spans of frames and bands to 0.

        Parameters
        ----------
        frames : Tensor, shape (n_clips, n_frames, n_inputs)
            Standardized.
        mask : Tensor of bool, shape (n_clips, n_frames)

        Returns
        -------
        Tensor, Tensor
            Frames and mask, of another length.
        """
        count, _, bands = frames.shape
        frames, mask = _stretched(frames, mask, highest=0.15)
        level = 0.3 * _symmetric(count, 1, 1) + 0.15 * _symmetric(count, 1, 1) * torch.linspace(-1, 1, bands)
        frames = frames + level
        lengths = mask.sum(1)
        kept = ~_span(frames.shape[1], lengths, longest=8)[:, :, None]
        for _ in range(2):
            kept = kept & ~_span(bands, torch.full((count,), bands), longest=6)[:, None]
        return frames * kept, mask


def _symmetric(*shape: int) -> Tensor:
    return 2 * torch.rand(*shape) - 1


def _span(size: int, lengths: Tensor, *, longest: int) -> Tensor:
    """Return a mask with a random span of 0 to `longest` places within each clip's length."""
    width = torch.randint(0, longest + 1, (len(lengths),))
    start = (torch.rand(len(lengths)) * (lengths - width).clamp_min(1)).long()
    place = torch.arange(size)
    return (place >= start[:, None]) & (place < (start + width)[:, None])


def _stretched(frames: Tensor, mask: Tensor, *, highest: float) -> tuple[Tensor, Tensor]:
    """Interpolate each clip to a random length: a factor from exp(-highest) to exp(highest)."""
    lengths = mask.sum(1)
    wanted = (lengths * torch.exp(highest * _symmetric(len(lengths)))).long().clamp_min(2)
    place = torch.arange(int(wanted.max()))
    position = (place * ((lengths - 1) / (wanted - 1))[:, None]).clamp_max((lengths - 1)[:, None].float())
    before = position.long()
    after = torch.minimum(before + 1, (lengths - 1)[:, None])
    rows, share = torch.arange(len(lengths))[:, None], (position - before)[..., None]
    mask = place < wanted[:, None]
    return (frames[rows, before] * (1 - share) + frames[rows, after] * share) * mask[..., None], mask
