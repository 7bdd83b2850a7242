"""Batch-norm statistics survived the reset."""

from mutation import Failure, Mutation

FAILURE = Failure(
    10,
    __doc__,
    (
        Mutation(
            name="norm-survives",
            how="one module for all runs; a reset writes its parameters, not its buffers",
            at="lthcheck.training.train:backend",
            edit={
                "zoo.build(own.network, seed=seed_of(own.start))": (
                    "globals().setdefault(own.network.key, zoo.build(own.network))"
                ),
            },
            study="resnet",
            check="fresh",
        ),
    ),
)
