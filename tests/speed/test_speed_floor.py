"""The floor's arithmetic and bytes, against numbers counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from reports.speed.case import Case
from reports.speed.floor import Ceilings, Floor, Work, floor, floor_of, work


class Small(nn.Module):
    """A convolution with BN and ReLU, a residual sum, pooling, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
        self.linear = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv1(x)))  # (2, 4, 8, 8): 512 numbers
        x = x + self.conv2(x)
        x = nn.functional.max_pool2d(x, 2)  # (2, 4, 4, 4): 128
        return self.linear(x.mean((2, 3)))  # 8 numbers, then 10


def test_a_step_of_a_small_network_is_what_is_counted_by_hand() -> None:
    with torch.device("meta"):
        module = Small()
    # multiply-adds: each of 512 outputs sums 3x3x3, then 3x3x2; each of 10 sums 4; 2 FLOP each, three times in a step
    assert work(module, (2, 3, 8, 8)) == Work(
        flops=3 * 2 * (512 * 27 + 512 * 18 + 10 * 4),
        # conv1, norm, relu, conv2, sum, pool, mean, linear
        unfused=3 * (384 + 512) + 8 * 512 + 5 * 512 + 3 * 1024 + 6 * 512 + 2 * 640 + 2 * (128 + 8) + 3 * (8 + 10),
        fused=4 * 384 + 5 * 512 + 9 * 512 + 4 * 512 + 2 * 640 + 2 * (128 + 8) + 3 * (8 + 10),
        parameters=4 * 27 + 2 * 4 + 4 * 18 + 25,
    )


def test_a_floor_is_arithmetic_over_the_peak_and_bytes_over_the_bandwidth() -> None:
    found = floor(Work(flops=600, unfused=50, fused=20, parameters=10), Ceilings(flops=100.0, bytes=10.0), 2)
    weights = 10 * (20 + 3 * 2)
    assert found == Floor(arithmetic=6.0, fused=(2 * 20 + weights) / 10, unfused=(2 * 50 + weights) / 10)
    assert found.least == found.fused
    assert floor(Work(600, 0, 0, 0), Ceilings(100.0, 10.0), 2).least == 6.0


def test_resnet20_on_a_h200_has_the_floors_that_were_worked_out_before() -> None:
    """15 ms a replica-epoch by arithmetic, 51 by bytes fused, about 100 unfused, in bfloat16 at batch 128."""
    case = Case("resnet20")
    found = floor_of(case, Ceilings(790e12, 4.3e12), width=2)
    seconds = [part * case.epoch for part in (found.arithmetic, found.fused, found.unfused)]
    assert seconds == pytest.approx([0.0155, 0.051, 0.1], rel=0.03)


@pytest.mark.parametrize(("model", "mega"), [("resnet20", 40.8), ("mobilenet-v1", 46.4), ("vgg16", 313.2)])
def test_multiply_adds_of_an_image_are_those_that_are_published(model: str, mega: float) -> None:
    case = Case(model, batch=1)
    flops = floor_of(case, Ceilings(1.0, 1.0), width=2).arithmetic
    assert flops / 6e6 == pytest.approx(mega, rel=0.005)
