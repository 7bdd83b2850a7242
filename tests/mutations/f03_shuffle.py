"""The "shuffled" mask was the mask itself."""

from mutation import Failure, Mutation

FAILURE = Failure(
    3,
    __doc__,
    (
        Mutation(
            name="shuffle-thrown-away",
            how="the shuffled copy is made and thrown away",
            at="lthcheck.training.realise:mask",
            edit={
                "        return permuted(mask(word.mask, network, library), word.within, word.seed)": (
                    "        before = mask(word.mask, network, library)\n"
                    "            permuted(before, word.within, word.seed)\n"
                    "            return before"
                ),
            },
            study="permuted",
            check="permuted",
        ),
    ),
)
