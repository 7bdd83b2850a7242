"""A gradient mask that froze all negative weights."""

from mutation import Failure, Mutation

FAILURE = Failure(
    4,
    __doc__,
    (
        Mutation(
            name="frozen-in-a-stack",
            how="gradients are kept where the weight, not its magnitude, is above a threshold",
            at="lthcheck.training.linear:LinearStack.advance",
            edit={
                "            self._gradient_at(step)": (
                    "            self._gradient_at(step)\n            self.gradient.mul_(self.weights > 1e-6)"
                ),
            },
            study="imp",
            check="moves",
        ),
        Mutation(
            name="frozen-in-a-module",
            how="the same in the loop over modules",
            at="lthcheck.training.module:ModuleLoop.advance",
            edit={
                "parameter.grad.mul_(mask)": "parameter.grad.mul_(parameter.detach() > 1e-6)",
            },
            study="resnet",
            check="moves",
        ),
    ),
)
