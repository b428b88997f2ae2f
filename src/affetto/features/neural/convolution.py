"""A convolution over time as one matrix product, which ONNX Runtime can run in int8."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class FrameConvolution(nn.Module):
    """A convolution over three frames, with zeros beyond both ends.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Features of a frame before and after.
    stride : int
        Frames from one output to the next.
    """

    def __init__(self, n_inputs: int, n_outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.product = nn.Linear(3 * n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution.

        Parameters
        ----------
        x : Tensor, shape (n_clips, n_frames, n_inputs)

        Returns
        -------
        Tensor, shape (n_clips, ceil(n_frames / stride), n_outputs)
        """
        n_frames = x.shape[1]
        padded = functional.pad(x, (0, 0, 1, 1))
        shifted = [padded[:, offset : offset + n_frames : self.stride] for offset in range(3)]
        product: Tensor = self.product(torch.cat(shifted, dim=-1))
        return product
