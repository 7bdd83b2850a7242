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
                "lambda: zoo.build(run.network)": (
                    "lambda: globals().setdefault(run.network.key, zoo.build(run.network))"
                ),
            },
            study="resnet",
            check="fresh",
        ),
    ),
)
