"""LT shares the data order of the run that made its mask, and RR does not."""

from mutation import Failure, Mutation

FAILURE = Failure(
    13,
    __doc__,
    (
        Mutation(
            name="order-of-its-own",
            how="rr gets an order seed of its own",
            at="lthcheck.arms:Arms._run",
            edit={
                "reinit, lt.mask, slot.seed": "reinit, lt.mask, slot.seed + 1000",
            },
            study="imp",
            check="order",
        ),
        Mutation(
            name="order-of-the-process",
            how="the order is drawn from a global generator, so it depends on what ran before",
            at="lthcheck.training.order:Order.ahead",
            edit={
                'draws.permutation(draws.stream(seed, "order", epoch), self': "torch.randperm(self",
            },
            study="imp",
            check="order",
        ),
        Mutation(
            name="augmentation-of-the-process",
            how="the augmentation is drawn from a global generator, though the order is not",
            at="lthcheck.data.augmentation:words",
            edit={
                'draws.bits_at(draws.stream(seed, "augment", epoch), index)': (
                    "torch.randint_like(index, -(2**63), 2**63 - 1)"
                ),
            },
            study="augmented",
            check="order",
        ),
    ),
)
