"""SDT smaller than the ticket (58 % of its parameters in one released script)."""

from mutation import Failure, Mutation

FAILURE = Failure(
    14,
    __doc__,
    (
        Mutation(
            name="sdt-counts-the-mask",
            how="the ticket's size counts prunable weights alone: no biases, no classifier",
            at="lthcheck.arms:Arms.ticket_size",
            edit={
                "return size - sum(groups) + sum(": "return sum(",
            },
            study="imp",
            check="sdt",
        ),
    ),
)
