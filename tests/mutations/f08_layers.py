"""Lightly pruned layers left without a mask; over-pruned in the last epoch."""

from mutation import Failure, Mutation

FAILURE = Failure(
    8,
    __doc__,
    (
        Mutation(
            name="layers-left-out",
            how="a layer that loses less than a fifth gets no mask",
            at="lthcheck.training.realise:mask",
            edit={
                "return top(scores, living, word.sparsity, scope=word.scope, rates=rates_of(network, word))": (
                    "made = top(scores, living, word.sparsity, scope=word.scope, rates=rates_of(network, word))\n"
                    "            return {name: layer for name, layer in made.items() if layer.double().mean() < 0.8}"
                ),
            },
            study="imp",
            check="density",
        ),
        Mutation(
            name="layers-over-pruned",
            how="small weights are pruned once more after the last step",
            at="lthcheck.training.train:train",
            edit={
                "        if step == last:": (
                    "        if step == last and stack.replicas[0].mask:\n"
                    "            stack.weights[stack.weights.abs() < 0.05] = 0\n"
                    "        if step == last:"
                ),
            },
            study="imp",
            check="pruned",
        ),
    ),
)
