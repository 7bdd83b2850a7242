"""IMP went on from trained weights between rounds."""

from mutation import Failure, Mutation

FAILURE = Failure(
    2,
    __doc__,
    (
        Mutation(
            name="rounds-not-reset",
            how="round 2 begins where round 1 ended; the round whose ticket is asked for is reset",
            at="lthcheck.arms:Arms._run",
            edit={
                "    return Run(self.network, self.data, training, init, self._mask(slot, init), slot.seed)": (
                    "    from lthcheck.run import Weights\n"
                    "    start = Weights(self._before(slot)) if len(self.rounds_before(slot)) == 1 else init\n"
                    "    return Run(self.network, self.data, training, start, self._mask(slot, init), slot.seed)"
                ),
            },
            study="imp",
            check="theta0",
        ),
        Mutation(
            name="rounds-in-the-trainer",
            how="from round 2 on the trainer keeps the weights that it pruned",
            at="lthcheck.training.realise:replica",
            edit={
                "    dtype = DTYPES[run.training.precision]": (
                    "    dtype = DTYPES[run.training.precision]\n"
                    "    prunes = isinstance(run.mask, Pruned)\n"
                    "    trained, pruned_before = source(run.mask.of, run.network, library) if prunes else ({}, {})"
                ),
                "start(run.start, run.network, library)": (
                    "(trained if pruned_before else start(run.start, run.network, library))"
                ),
            },
            study="imp",
            check="start",
        ),
    ),
)
