"""SNIP scored weights instead of weight times gradient."""

from mutation import Failure, Mutation

FAILURE = Failure(
    9,
    __doc__,
    (
        Mutation(
            name="snip-scores-weights",
            how="the score leaves the gradient out",
            at="lthcheck.pruning.scores:snip",
            edit={
                "(weight * gradients[name]).abs()": "weight.abs()",
            },
            study="snip",
            check="ranked",
        ),
        Mutation(
            name="snip-without-a-loss",
            how="what is called the gradient is the sign of the weight",
            at="lthcheck.training.saliency:gradients",
            edit={
                "torch.zeros_like(p) if p.grad is None else p.grad": "p.detach().sign()",
            },
            study="snip",
            check="saliency",
        ),
    ),
)
