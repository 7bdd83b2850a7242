"""Target sparsity missed through ties, or off by one."""

from mutation import Failure, Mutation

FAILURE = Failure(
    7,
    __doc__,
    (
        Mutation(
            name="count-ties",
            how="all weights at the threshold stay",
            at="lthcheck.pruning.mask:_top",
            edit={
                "stays[order[:count]] = True": "stays = living & (flat >= flat[order[count - 1]])",
            },
            study="ties",
            check="density",
        ),
        Mutation(
            name="count-off-by-one",
            how="k + 1 weights stay for k",
            at="lthcheck.pruning.mask:_top",
            edit={
                "order[:count]": "order[: count + 1]",
            },
            study="imp",
            check="density",
        ),
        Mutation(
            name="count-rounded-down",
            how="the count is cut off, not rounded",
            at="lthcheck.pruning.count:kept",
            edit={
                "round((1 - sparsity) * total, 8) + 0.5": "(1 - sparsity) * total",
            },
            study="imp",
            check="density",
        ),
    ),
)
