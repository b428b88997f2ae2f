from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from affetto.classifiers.estimators.convolutional import ConvolutionalNetwork

if TYPE_CHECKING:
    from torch import Tensor

WIDTH, LENGTHS = 64, (20, 37, 64, 90)


def ragged(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Four clips of different lengths, padded."""
    frames = torch.randn(len(LENGTHS), max(LENGTHS), WIDTH, generator=torch.Generator().manual_seed(seed))
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    return frames * mask[..., None], mask


def trained(n_outputs: int = 5) -> ConvolutionalNetwork:
    """Return a network after some batches, whose batch statistics are no longer the initial ones."""
    torch.manual_seed(0)
    made = ConvolutionalNetwork(WIDTH, n_outputs)
    optimizer = torch.optim.AdamW(made.parameters(), lr=1e-2)
    for seed in range(10):
        frames, mask = ragged(seed)
        loss = torch.nn.functional.cross_entropy(made(frames, mask), torch.arange(4))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    made.eval()
    return made


def test_a_longer_clip_in_the_batch_changes_nothing() -> None:
    made = trained()
    frames, mask = ragged()
    with torch.inference_mode():
        together = made(frames, mask)
        for index, length in enumerate(LENGTHS):
            alone = made(frames[index : index + 1, :length], mask[index : index + 1, :length])
            assert (together[index] - alone[0]).abs().max() < 1e-4


def test_padding_changes_nothing() -> None:
    made = trained()
    frames, mask = ragged()
    with torch.inference_mode():
        assert torch.allclose(made(frames, mask), made(frames + 100.0 * ~mask[..., None], mask), atol=1e-4)


def test_a_clip_alone_needs_no_mask() -> None:
    made = trained()
    frames, mask = ragged()
    with torch.inference_mode():
        assert torch.allclose(made(frames[-1:]), made(frames[-1:], mask[-1:]), atol=1e-5)
        assert made(frames[-1:]).shape == (1, 5)


@pytest.mark.parametrize("length", [1, 2, 3, 9])
def test_the_shortest_clips_get_probabilities(length: int) -> None:
    made = trained()
    with torch.inference_mode():
        assert torch.isfinite(made(ragged()[0][:1, :length])).all()


def test_every_part_learns() -> None:
    made = ConvolutionalNetwork(WIDTH, 4).train()
    frames, mask = ragged()
    torch.autograd.backward(torch.nn.functional.cross_entropy(made(frames, mask), torch.arange(4)))
    silent = [name for name, p in made.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert silent == []


def test_the_mean_spectrum_is_subtracted() -> None:
    frames, _ = ragged()
    clip = frames[-1:]
    made = trained()
    made.centring = 1.0
    with torch.inference_mode():
        # A constant spectrum vanishes.
        assert torch.allclose(made(clip), made(clip + torch.linspace(-3, 3, WIDTH)), atol=1e-3)
        made.centring = 0.0
        assert not torch.allclose(made(clip), made(clip + torch.linspace(-3, 3, WIDTH)), atol=1e-3)


def test_augmented_clips_are_clips() -> None:
    network = ConvolutionalNetwork(WIDTH, 4)
    frames, mask = ragged()
    lengths = set()
    for seed in range(20):
        torch.manual_seed(seed)
        other, other_mask = network.augment(frames, mask)
        assert other.shape[0] == len(LENGTHS)
        assert other.shape[2] == WIDTH
        assert other_mask.shape == other.shape[:2]
        assert other_mask.dtype == torch.bool
        assert torch.isfinite(other).all()
        found = other_mask.sum(1)
        # The mask is a beginning of the clip, up to the end of the longest.
        assert torch.equal(other_mask, torch.arange(other.shape[1]) < found[:, None])
        assert found.max() == other.shape[1]
        ratio = found / torch.tensor(LENGTHS)
        assert ((ratio > 0.8) & (ratio < 1.2)).all()
        lengths.add(tuple(found.tolist()))
    assert len(lengths) > 10


def test_augmentation_follows_the_seed() -> None:
    network = ConvolutionalNetwork(WIDTH, 4)
    made = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        made.append(network.augment(*ragged())[0])
    assert torch.equal(made[0], made[1])
    assert made[0].shape != made[2].shape or not torch.equal(made[0], made[2])


def test_an_augmented_clip_is_still_the_same_clip() -> None:
    """Smooth frames, resized to the original length, are nearly the original ones where nothing is blanked."""
    network = ConvolutionalNetwork(WIDTH, 4)
    time = torch.linspace(0, 6, 80)
    frames = torch.sin(time)[None, :, None].expand(1, 80, WIDTH).clone()
    mask = torch.ones(1, 80, dtype=torch.bool)
    for seed in range(5):
        torch.manual_seed(seed)
        other, _ = network.augment(frames, mask)
        curve = other[0].T
        resized = torch.nn.functional.interpolate(curve[None], 80, mode="linear", align_corners=True)[0]
        correlations = [float(torch.corrcoef(torch.stack([band, frames[0, :, 0]]))[0, 1]) for band in resized]
        assert torch.tensor(correlations).nan_to_num(1.0).median() > 0.9
