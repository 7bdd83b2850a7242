"""Where networks stand in the papers, by data set.

Of Ma et al. 2021 it is Table 3: Jackpot and secondary prize, each "yes", "no" or "edge", at the boundary. Their
ResNet-32 is the one of twice the width. The other papers ask other questions, so there it is who trained what, as far
as it was looked up: Liu et al. trained VGGs and MobileNet-v2 too (abstract); what Sahu et al. trained is not here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Literal

Answer = Literal["yes", "no", "edge"]

PAPERS = {
    "ma2021": "Ma et al. 2021, Sanity Checks for Lottery Tickets: Does Your Winning Ticket Really Win the Jackpot?",
    "liu2021": "Liu et al. 2021, Lottery Ticket Preserves Weight Correlation: Is It Desirable or Not?",
    "frankle2019": "Frankle and Carbin 2019, The Lottery Ticket Hypothesis",
    "morcos2019": "Morcos et al. 2019, One ticket to win them all",
    "sahu2022": "Sahu et al. 2022, Not All Lotteries Are Made Equal",
}

# The networks of the papers and of the default preset, each with the data set at whose shape and classes it is counted
# unless one is named.
NETWORKS = {
    "mlp-300-100": "mnist1d",
    "lenet-300-100": "mnist",
    "lenet5": "mnist",
    "conv2": "cifar10",
    "conv4": "cifar10",
    "conv6": "cifar10",
    "resnet20": "cifar10",
    "resnet32": "cifar10",
    "resnet32-w2": "cifar10",
    "resnet32-w2-noresidual": "cifar10",
    "resnet18": "cifar10",
    "resnet50": "imagenet",
    "vgg11": "cifar10",
    "vgg16": "cifar10",
    "vgg19": "cifar10",
    "mobilenet-v1": "cifar10",
    "mobilenet-v2": "cifar10",
    "pnasnet-a": "cifar10",
    "pnasnet-b": "cifar10",
    "efficientnet-b0": "cifar10",
}


@dataclass(frozen=True)
class Standing:
    """A network on a data set in a paper.

    Attributes:
        paper: one of `PAPERS`.
        where: the table or figures, where they are known.
        jackpot, secondary: of Ma et al. alone.
        note: what else the paper says.
    """

    paper: str
    model: str
    dataset: str
    where: str = ""
    jackpot: Answer | None = None
    secondary: Answer | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self)


_TABLE_3: dict[str, dict[str, tuple[Answer, Answer]]] = {
    "cifar10": {
        "resnet20": ("no", "yes"),
        "resnet32-w2": ("no", "yes"),
        "mobilenet-v1": ("edge", "yes"),
        "resnet18": ("no", "yes"),
        "vgg16": ("no", "no"),
    },
    "cifar100": {
        "resnet20": ("no", "yes"),
        "resnet32-w2": ("no", "yes"),
        "mobilenet-v1": ("no", "no"),
        "resnet18": ("edge", "yes"),
        "vgg16": ("no", "no"),
    },
    "tiny_imagenet": {"resnet18": ("no", "no"), "resnet50": ("no", "no")},
    "imagenet": {"resnet18": ("no", "no"), "resnet50": ("no", "no")},
}
_NOTES = {
    (
        "resnet20",
        "cifar10",
    ): "no winning ticket in section 2, the secondary prize in section 3 (sparsity .914, lr .005)",
    ("vgg16", "cifar10"): "the secondary prize at sparsity .945 in section 3.1, and none in Table 3",
}
_MORCOS = ("cifar10", "cifar10a", "cifar10b", "cifar100", "svhn", "fashion_mnist", "imagenet", "places365")

STANDINGS: tuple[Standing, ...] = (
    *(
        Standing("ma2021", model, dataset, "Table 3", *answers, _NOTES.get((model, dataset), ""))
        for dataset, rows in _TABLE_3.items()
        for model, answers in rows.items()
    ),
    Standing("ma2021", "resnet32-w2-noresidual", "cifar10", "figures 4 and 5", note="accuracies at sparsity .945"),
    Standing("liu2021", "resnet20", "cifar10"),
    Standing("frankle2019", "lenet-300-100", "mnist"),
    *(Standing("frankle2019", model, "cifar10") for model in ("conv2", "conv4", "conv6", "resnet20", "vgg19")),
    *(Standing("morcos2019", model, dataset) for model, dataset in product(("vgg19", "resnet50"), _MORCOS)),
)


def of_network(model: str) -> list[Standing]:
    """Those of a network, by its name."""
    return [each for each in STANDINGS if each.model == model]


def of_dataset(dataset: str) -> list[Standing]:
    """Those on a data set, by its name."""
    return [each for each in STANDINGS if each.dataset == dataset]
