"""The reset to theta_0 never happened (three years in a popular trainer)."""

from mutation import Failure, Mutation

FAILURE = Failure(
    1,
    __doc__,
    (
        Mutation(
            name="reset-missing",
            how="a ticket goes on from the weights that its mask was taken from",
            at="lthcheck.training.realise:replica",
            edit={
                "start(run.start, run.network, library)": (
                    "(source(run.mask.of, run.network, library)[0] "
                    "if isinstance(run.mask, Pruned) else start(run.start, run.network, library))"
                ),
            },
            study="imp",
            check="start",
        ),
        Mutation(
            name="reset-not-written",
            how="the study itself asks for a ticket that begins at the trained weights",
            at="lthcheck.arms:Arms._run",
            edit={
                "    return Run(self.network, self.data, training, init, self._mask(slot, init), slot.seed)": (
                    "    from lthcheck.run import Weights\n"
                    "    start, mask = Weights(self._before(slot)), self._mask(slot, init)\n"
                    "    return Run(self.network, self.data, training, start, mask, slot.seed)"
                ),
            },
            study="omp",
            check="theta0",
        ),
    ),
)
