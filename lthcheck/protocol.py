"""The protocol's rules, checked while it runs.

Those of one run are checked where it is trained, before its first step and after its last; those between the runs of a
study on their records (`lthcheck.audit`). A violation names the rule, the run and the layer; what broke a rule is not
stored.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lthcheck import zoo
from lthcheck.run import Dense, Given, Permuted, Pruned, Reinit, Run

if TYPE_CHECKING:
    from torch import Tensor

    from lthcheck.training.contract import Replica, State

RULES: dict[str, str] = {
    "start": "a run begins at mask * theta_0, bitwise",
    "fresh": "optimiser state and batch-norm statistics begin anew",
    "reinit": "rr's initialisation is independent of lt's",
    "density": "a mask keeps exactly round((1 - s) n) weights",
    "ranked": "a mask keeps the weights of highest score, over all layers or in each, as its scope says",
    "saliency": "the scores of snip sum to the loss's derivative along the weights",
    "given": "a mask of the user's own is the one in the file",
    "nested": "a mask revives no weight that was pruned before",
    "permuted": "a permuted mask differs from its source and keeps its counts",
    "pruned": "a pruned weight has its pruned value after the last step, and no other weight was pruned",
    "moves": "training moves weights of both signs alike",
    "budget": "a run takes all its steps, no more and no fewer",
    "finite": "a loss is finite, or the run says that it diverged",
    "test": "test data is not written to, and read after the last step alone",
    "theta0": "dense and lt of a replicate begin at one theta_0, rr at another",
    "mask": "rr has the mask of the lt it is compared with",
    "order": "the arms of a replicate see the samples in one order, and augmented as their data say",
    "sdt": "sdt has at least as many parameters as the ticket, and is the narrowest that has",
}


class ProtocolViolation(Exception):
    """A rule of the protocol was broken.

    Attributes:
        against: of a rule between runs, the other run; which of the two is wrong cannot be known.
    """

    def __init__(self, rule: str, run: str, where: str, detail: str, against: str | None = None) -> None:
        self.rule, self.run, self.where, self.detail, self.against = rule, run, where, detail, against
        super().__init__(f"{rule} ({RULES[rule]}): run {run[:12]}, {where}: {detail}")


def digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 over names, shapes and bytes."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        total.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        total.update(tensor.numpy().tobytes())
    return total.hexdigest()


def check_start(
    replica: Replica,
    state: State,
    recomputed: Mapping[str, Tensor],
    parent: Mapping[str, Tensor],
    ranked: Mapping[str, Tensor],
    derivative: float | None = None,
) -> list[str]:
    """Holds a run against the rules before its first step.

    Args:
        state: what the backend holds, as it was read back from it.
        recomputed: theta_0, computed once more from its expression.
        parent: the mask that the run's mask was derived from, or given by; empty where there is none.
        ranked: what the run's mask was ranked by, with its sign, by parameter name: the weights that it was taken from,
            for snip times their gradient; empty where there is nothing.
        derivative: for snip, of the loss along the prunable weights, found without a gradient.

    Returns:
        The rules that applied and hold.
    """
    held = ["start", "fresh"]
    run = replica.run
    keeps_initial = not replica.mask or getattr(run.mask, "pruned_value", "zero") == "initial"
    for name, theta0 in recomputed.items():
        expected = theta0.to(replica.weights[name].dtype)
        if name in replica.mask and not keeps_initial:
            expected = expected * replica.mask[name] + 0.0  # + 0.0: -0.0 is 0.0
        actual = state[f"weights/{name}"]
        if not bool((actual == expected).all()):
            wrong = int((actual != expected).sum())
            raise ProtocolViolation("start", run.key, name, f"{wrong} of {actual.numel()} weights differ")
    _check_fresh(run, state)
    if isinstance(run.start, Reinit):
        _check_reinit(replica, run.start)
        held.append("reinit")
    if isinstance(run.mask, Pruned):
        _check_density(replica, run.mask)
        _check_ranked(replica, run.mask, parent, ranked)
        held += ["density", "ranked"]
        if derivative is not None:
            _check_saliency(replica, ranked, derivative)
            held.append("saliency")
        if parent or (isinstance(run.mask.of, Run) and not isinstance(run.mask.of.mask, Dense)):
            _check_nested(replica, parent)
            held.append("nested")
    if isinstance(run.mask, Dense) and replica.mask:
        raise ProtocolViolation("density", run.key, ", ".join(replica.mask), "a dense run has no mask")
    if isinstance(run.mask, Permuted):
        _check_permuted(replica, run.mask, parent)
        held.append("permuted")
    if isinstance(run.mask, Given):
        _check_given(replica, parent)
        held.append("given")
    return held


def _check_fresh(run: Run, state: State) -> None:
    for name, tensor in state.items():
        if name.startswith("optimiser/") or name.endswith(("running_mean", "num_batches_tracked")):
            expected = 0.0
        elif name.endswith("running_var"):
            expected = 1.0
        else:
            continue
        if not bool((tensor == expected).all()):
            raise ProtocolViolation("fresh", run.key, name, f"must be {expected:g} everywhere before the first step")


def _check_reinit(replica: Replica, start: Reinit) -> None:
    import torch

    from lthcheck.training.initialiser import initial

    own = initial(start.network, start.initialiser, start.seed, "init")
    unrelated = ("unrelated", "too") if start.initialiser == "own" else ()
    others = [initial(start.network, start.initialiser, start.seed, purpose) for purpose in unrelated]
    for name, theta in replica.theta0.items():
        a, b = own[name].flatten(), theta.double().flatten()
        if others:  # what a constructor does not draw, a bias or an identity, is the same in every draw
            a, b = (drawn - other[name].flatten() for drawn, other in zip((a, b), others, strict=True))
        if a.numel() < 64 or float(a.std()) == 0 or float(b.std()) == 0:  # norm layers and short biases are no evidence
            continue
        correlation = float(torch.corrcoef(torch.stack([a, b]))[0, 1])
        if abs(correlation) > 6 / a.numel() ** 0.5:  # six standard errors of a correlation of zero
            raise ProtocolViolation("reinit", replica.run.key, name, f"correlation {correlation:.3f} with theta_0")


def _check_nested(replica: Replica, parent: Mapping[str, Tensor]) -> None:
    for name, mask in replica.mask.items():
        if name not in parent:
            raise ProtocolViolation("nested", replica.run.key, name, "the mask of the round before is not there")
        revived = int((mask & ~parent[name]).sum())
        if revived:
            raise ProtocolViolation("nested", replica.run.key, name, f"{revived} pruned weights came back")


def _check_ranked(replica: Replica, mask: Pruned, parent: Mapping[str, Tensor], ranked: Mapping[str, Tensor]) -> None:
    """No weight that was pruned now is larger than one that stays: over all layers, or in each."""
    stay, gone = {}, {}
    if mask.score.name == "lamp":
        ranked = {name: _share_of_larger(ranked[name], parent.get(name)) for name in replica.mask}
    for name, layer in replica.mask.items():
        size, alive = ranked[name].abs().flatten(), layer.flatten()
        before = parent[name].flatten() if name in parent else alive | True
        stay[name] = float(size[alive].min()) if bool(alive.any()) else float("inf")
        gone[name] = float(size[before & ~alive].max()) if bool((before & ~alive).any()) else 0.0
    if mask.scope == "global":
        stay = dict.fromkeys(stay, min(stay.values()))
    slack = 1 + 1e-9 if mask.score.name == "lamp" else 1.0  # its sums were added up twice
    for name, largest in gone.items():
        if largest > stay[name] * slack:
            detail = f"a weight of score {largest:g} was pruned, one of {stay[name]:g} stays"
            raise ProtocolViolation("ranked", replica.run.key, name, detail)


def _share_of_larger(weight: Tensor, before: Tensor | None) -> Tensor:
    """The score of Lee et al. 2021, from the smallest weight up; not by pruning.scores, which made the mask."""
    import torch

    squares = weight.double().flatten() ** 2
    if before is not None:
        squares = squares * before.flatten()
    squares = squares.flip(0)  # so that of equal weights the first is the largest
    rising = squares.argsort(stable=True)
    larger = squares[rising].flip(0).cumsum(0).flip(0)
    shares = torch.zeros_like(squares)
    shares[rising] = torch.where(larger > 0, squares[rising] / larger, larger)
    return shares.flip(0).view_as(weight)


def _check_saliency(replica: Replica, ranked: Mapping[str, Tensor], derivative: float) -> None:
    """The sum of w dL/dw is what the loss gains where all w grow alike: an identity that no other score satisfies."""
    products = [ranked[name].double() for name in replica.mask]
    total, size = sum(float(layer.sum()) for layer in products), sum(float(layer.abs().sum()) for layer in products)
    # a ReLU that switches within the difference costs some 1e-5 of the size, float64 some 1e-11
    if abs(total - derivative) > 1e-3 * size + 1e-9:
        detail = f"the scores sum to {total:g}, the loss's derivative is {derivative:g}"
        raise ProtocolViolation("saliency", replica.run.key, ", ".join(replica.mask), detail)


def _check_given(replica: Replica, given: Mapping[str, Tensor]) -> None:
    for name in sorted(given.keys() | replica.mask.keys()):
        if name not in replica.mask or name not in given or not bool((replica.mask[name] == given[name]).all()):
            raise ProtocolViolation("given", replica.run.key, name, "the mask is not the one in the file")


def _check_density(replica: Replica, mask: Pruned) -> None:
    layers = replica.mask
    due = {name for name, role in zoo.roles(replica.run.network).items() if role in mask.roles}
    if due != set(layers):
        odd = ", ".join(sorted(due ^ set(layers)))
        raise ProtocolViolation("density", replica.run.key, odd, "prunable and without a mask, or the reverse")
    if mask.rates:
        _check_shares(replica, mask)
    alone = mask.scope == "layer" and not mask.rates
    groups = [{name: layer} for name, layer in layers.items()] if alone else [layers]
    for group in groups:
        total, stay = sum(m.numel() for m in group.values()), sum(int(m.sum()) for m in group.values())
        exact = (1 - mask.sparsity) * total
        # not through pruning.count, which the mask was made with
        if not -0.5 + 1e-6 < stay - exact < 0.5 + 1e-6:
            expected = math.floor(exact + 0.5 + 1e-6)
            where = ", ".join(group) if alone else "all layers"
            raise ProtocolViolation("density", replica.run.key, where, f"{stay} stay, must be {expected}")


def _check_shares(replica: Replica, mask: Pruned) -> None:
    """There is a moment at which every layer has come down, at its own rate, to what is left of it.

    A layer of n weights has c left while n (1 - r)^k is within half a weight of c: from one k to another. The layers
    agree where the last of these spans to begin does so before the first ends.
    """
    roles, rates = zoo.roles(replica.run.network), dict(mask.rates)
    spans = {}
    for name, layer in replica.mask.items():
        total, stay = layer.numel(), int(layer.sum())
        pace = -math.log1p(-rates[roles[name]])
        begin = max(0.0, math.log(total / (stay + 0.5)) / pace)
        spans[name] = begin, math.log(total / (stay - 0.5)) / pace if stay else math.inf
    late, early = max(spans, key=lambda name: spans[name][0]), min(spans, key=lambda name: spans[name][1])
    if spans[late][0] > spans[early][1] + 1e-6:
        rounds = f"{late} has had {spans[late][0]:.4g} rounds or more, {early} {spans[early][1]:.4g} or fewer"
        detail = f"at the rates of their roles, {rounds}"
        raise ProtocolViolation("density", replica.run.key, late, detail)


def _check_permuted(replica: Replica, mask: Permuted, source: Mapping[str, Tensor]) -> None:
    counts = [{name: int(layer.sum()) for name, layer in masks.items()} for masks in (replica.mask, source)]
    if mask.within == "layer":
        for name in counts[1]:
            if counts[0].get(name) != counts[1][name]:
                raise ProtocolViolation(
                    "permuted", replica.run.key, name, f"{counts[0].get(name)} stay, must be {counts[1][name]}"
                )
    if sum(counts[0].values()) != sum(counts[1].values()):
        raise ProtocolViolation("permuted", replica.run.key, "all layers", "the number of weights that stay changed")
    gone = sum(layer.numel() for layer in source.values()) - sum(counts[1].values())
    if gone and all(bool((replica.mask[name] == layer).all()) for name, layer in source.items()):
        raise ProtocolViolation("permuted", replica.run.key, "all layers", "the mask is its source")


def check_end(replica: Replica, state: State, *, steps: int, loss: float, diverged: bool) -> list[str]:
    """Holds a run against the rules after its last step; `steps` is how many it took."""
    run = replica.run
    due = run.training.steps - run.training.first_step
    if steps != due:
        raise ProtocolViolation("budget", run.key, "all layers", f"{steps} steps taken, must be {due}")
    if diverged:
        return ["budget", "finite"]
    if not abs(loss) < float("inf"):
        raise ProtocolViolation("finite", run.key, "all layers", f"loss {loss} of a run that is not called diverged")
    for name, mask in replica.mask.items():
        actual, expected = state[f"weights/{name}"][~mask], replica.weights[name][~mask]
        if not bool((actual == expected).all()):
            wrong = int((actual != expected).sum())
            raise ProtocolViolation(
                "pruned", run.key, name, f"{wrong} pruned weights moved away from their pruned value"
            )
    _check_spared(replica, state)
    _check_moves(replica, state, steps)
    return ["budget", "finite", "moves", "pruned"]


def _check_moves(replica: Replica, state: State, steps: int) -> None:
    """Weights of one sign without a gradient, though their neighbours of the other sign had one."""
    for name, start in replica.weights.items():
        if start.dim() < 2:
            continue  # the biases of dead units have no gradient, and are of one sign more often than not
        alive = start * replica.mask[name] if name in replica.mask else start
        ratio = state[f"weights/{name}"] / start
        groups = {"positive": alive > 0, "negative": alive < 0}
        if min(int(group.sum()) for group in groups.values()) < 32:
            continue
        spread = {sign: float(ratio[group].std()) for sign, group in groups.items()}
        # without a gradient weights only decay, all by one factor; in a layer that is dead they do so in both signs
        if min(spread.values()) > 1e-5 or max(spread.values()) < 1e-3:
            continue
        idle, other = sorted(groups, key=spread.__getitem__)
        moved = groups[other] & ((ratio - ratio[groups[idle]].mean()).abs() > 1e-3)
        # a unit with negative weights alone is dead after a ReLU, as most are where hardly any weights are left
        due = groups[idle] & _along(moved, 0) & _along(moved, 1)
        if int(due.sum()) >= 32:
            raise ProtocolViolation("moves", replica.run.key, name, f"{idle} weights had no gradient in {steps} steps")


def _along(moved: Tensor, axis: int) -> Tensor:
    """By unit (axis 0) or by input (axis 1), whether any weight moved; in a shape that broadcasts."""
    others = [each for each in range(moved.dim()) if each != axis]
    return moved.sum(others, keepdim=True) > 0


def _check_spared(replica: Replica, state: State) -> None:
    """No weight that stays is 0, but a few that may be so by chance.

    By chance a step equals the weight that it is taken from: with 24 bits, less than one weight in 1e7. Under a strong
    weight decay a weight without a gradient gets to 0, but then all weights of its unit, or all of its input, do: rows
    and columns that are gone altogether are left out.
    """
    how = replica.run.training.optimiser
    # the exponent of all decay, at the most: 1 - m is what momentum makes of a rate; e**-60 is no 0 in any format
    exponent = replica.run.training.lr * how.weight_decay * replica.run.training.steps / (1 - how.momentum)
    decays = exponent > 60 or (how.name == "adam" and how.weight_decay > 0)
    for name, start in replica.weights.items():
        if start.dim() < 2:
            continue
        end = state[f"weights/{name}"].flatten(1)  # (out, in), taps of a kernel among the inputs
        stays = start.flatten(1) != 0
        if name in replica.mask:
            stays = stays & replica.mask[name].flatten(1)
        pruned = stays & (end == 0)
        if decays:
            alive = stays & (end.abs() > 1e-20)
            pruned &= alive.any(1, keepdim=True) & alive.any(0, keepdim=True)
        if int(pruned.sum()) > start.numel() / 1000:
            detail = f"{int(pruned.sum())} weights that the mask leaves are 0"
            raise ProtocolViolation("pruned", replica.run.key, name, detail)


def check_test(run: Run, *, written: bool, looks: int, due: int) -> None:
    """Holds a training against the rule on test data.

    Args:
        written: whether the test split changed.
        looks: how often the networks of the stack were evaluated on it.
        due: how often they had to be: once after the last step, and once at each step that was asked for.
    """
    if written:
        raise ProtocolViolation("test", run.key, "x_test", "test data was written to")
    if looks != due:
        raise ProtocolViolation("test", run.key, "x_test", f"test data was read {looks} times, must be {due}")


def check_augmented(run: Run, otherwise: list[int]) -> None:
    """Holds a training against the augmentation that its data name; `otherwise` are the epochs that departed from it.

    See `lthcheck.training.order.Order.not_augmented`.
    """
    if otherwise:
        detail = f"in epoch {otherwise[0]} its network was given samples that are not augmented by seed and epoch"
        raise ProtocolViolation("order", run.key, "x_train", f"{detail} ({run.data.augmentation})")


def check_accuracy(run: Run, accuracy: float, correct: Tensor) -> None:
    """Holds a run's accuracy against which test samples it got right at its last step."""
    last = int(correct.sum()) / correct.numel()
    if accuracy != last:
        raise ProtocolViolation("test", run.key, "accuracy", f"{accuracy:g}, but {last:g} at the last step")
