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
        Mutation(
            name="augmentation-named-only",
            how="a backend takes the samples as they are, though the data name an augmentation",
            at="lthcheck.training.linear:LinearStack.__init__",
            edit={
                'plain = isinstance(data, Resident) and data.augmentation == "none"': (
                    "plain = isinstance(data, Resident)"
                ),
            },
            study="augmented",
            check="order",
        ),
        Mutation(
            name="augmentation-of-the-first-epoch",
            how="every epoch repeats the augmentation of the first",
            at="lthcheck.training.batches:Batches.at",
            edit={
                "index, seed=seed, epoch=self.order.epoch(step))": "index, seed=seed, epoch=0)",
            },
            study="augmented",
            check="order",
        ),
        Mutation(
            name="augmentation-left-out",
            how="the data name an augmentation and do nothing",
            at="lthcheck.data.resident:Resident.augmented_batch",
            edit={
                'if self.augmentation == "none":': "if True:",
            },
            study="augmented",
            check="order",
        ),
    ),
)
