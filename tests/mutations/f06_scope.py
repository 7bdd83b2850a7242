"""Layer-wise and global pruning confused."""

from mutation import Failure, Mutation

FAILURE = Failure(
    6,
    __doc__,
    (
        Mutation(
            name="scope-layer-for-global",
            how="every mask is taken layer by layer",
            at="lthcheck.pruning.mask:top",
            edit={
                '    if scope == "layer":': "    if scope:",
            },
            study="imp",
            check="ranked",
        ),
        Mutation(
            name="scope-global-for-layer",
            how="every mask is taken over all layers together",
            at="lthcheck.pruning.mask:top",
            edit={
                '    if scope == "layer":': '    if scope == "layers":',
            },
            study="layerwise",
            check="density",
        ),
    ),
)
