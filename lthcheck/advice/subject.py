"""The subject: what the guideline asks of a network and its data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from lthcheck import zoo

if TYPE_CHECKING:
    from lthcheck.data import Info

Scale = Literal["small", "large", "between"]
TINY_IMAGENET = (100_000, 200, 64)  # training images, classes and pixels a side, the least that the paper has "large"


@dataclass(frozen=True)
class Subject:
    """A network on a data set.

    Attributes:
        residual: whether the network has residual connections; None where that is not known.
        mlp: whether it is a multilayer perceptron, as far as that is known.
        scalable: whether it has a width to choose, and so a small dense network.
        parameters: of the dense network.
        shape: of one input.
    """

    model: str
    dataset: str
    residual: bool | None
    mlp: bool
    scalable: bool
    parameters: int
    shape: tuple[int, ...]
    classes: int
    train_size: int

    @property
    def scale(self) -> Scale:
        """The paper's two kinds of data: small as CIFAR, or large as Tiny-ImageNet, or some of each.

        Data without pixels are small or large by their samples and classes alone.
        """
        has = [self.train_size, self.classes, *([min(self.shape[1:])] if len(self.shape) == 3 else [])]
        reached = [size >= least for size, least in zip(has, TINY_IMAGENET, strict=False)]
        return "large" if all(reached) else "between" if any(reached) else "small"

    @property
    def redundancy(self) -> float:
        """Parameters for each training sample."""
        return self.parameters / self.train_size

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self) | {"shape": list(self.shape), "scale": self.scale, "redundancy": self.redundancy}


def subject(model: str, info: Info) -> Subject:
    """The facts on a network, by name, on a data set that is there."""
    network = zoo.network(model, info.shape, info.classes)
    return Subject(
        model=model,
        dataset=info.name,
        residual=zoo.residual(network),
        mlp=zoo.is_mlp(network),
        scalable=zoo.scalable(network),
        parameters=sum(zoo.parameter_counts(network).values()),
        shape=info.shape,
        classes=info.classes,
        train_size=info.train_size,
    )
