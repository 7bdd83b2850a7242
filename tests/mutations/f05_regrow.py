"""Masked weights regrew through momentum, weight decay or Adam."""

from mutation import Failure, Mutation

FAILURE = Failure(
    5,
    __doc__,
    (
        Mutation(
            name="regrow-momentum",
            how="one optimiser for the whole program: its momentum outlives the run, the mask does not touch it",
            at="lthcheck.training.linear:LinearStack._sgd",
            edit={
                'self.slots["momentum"].mul_': (
                    'self.slots = globals().setdefault(f"slots of {tuple(self.weights.shape)}", self.slots)\n'
                    '    self.slots["momentum"].mul_'
                ),
            },
            study="imp",
            check="pruned",
        ),
        Mutation(
            name="regrow-decay",
            how="the gradient is masked before weight decay is added to it",
            at="lthcheck.training.linear:LinearStack.advance",
            edit={
                "self.gradient.addcmul_(self.weights, self.decay).mul_(self.mask)": (
                    "self.gradient.mul_(self.mask).addcmul_(self.weights, self.decay)"
                ),
            },
            study="initial",
            check="pruned",
        ),
        Mutation(
            name="regrow-adam",
            how="one Adam for the whole program: its moments outlive the run, the mask does not touch them",
            at="lthcheck.training.linear:LinearStack._adam",
            edit={
                "first, second = self.kind.betas": (
                    "first, second = self.kind.betas\n"
                    '    self.slots = globals().setdefault(f"slots of {tuple(self.weights.shape)}", self.slots)'
                ),
            },
            study="adam",
            check="pruned",
        ),
        Mutation(
            name="regrow-late-mask",
            how="the mask is put on the weights before each step, so the last step is left as it is",
            at="lthcheck.training.linear:LinearStack.advance",
            edit={
                "self.gradient.addcmul_(self.weights, self.decay).mul_(self.mask)": (
                    "self.weights.mul_(self.mask)\n            self.gradient.addcmul_(self.weights, self.decay)"
                ),
            },
            study="imp",
            check="pruned",
        ),
    ),
)
