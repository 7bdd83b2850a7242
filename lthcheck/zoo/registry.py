"""Which networks there are, by name: lthcheck's own families and the user's own networks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from lthcheck.names import known, typed
from lthcheck.run import Network
from lthcheck.zoo import depthwise_layout, layout, resnet_layout
from lthcheck.zoo.own import Factory, Own, own
from lthcheck.zoo.spelling import Spelling, spelt


@dataclass(frozen=True)
class Family:
    """Networks of lthcheck's own.

    Attributes:
        shown: the pattern of base names, as people read it.
        examples: names that fit, to guess from when a name is misspelt.
        fits: whether a base name, without width and options, is of this family.
        layout: parameters without torch.
        module: where `build(network)` is, imported when a network is built.
        pixels: fewest a side, for families that take images only; 0 for those that take any shape.
        options: values by option, the default first; each value is a word that may end a name, of one option only.
        by_shape: the default of an option that follows the shape of the input instead. Such an option stands in every
            network's expression; all others only where they are not at their default.
        residual: whether its networks have residual connections, unless "noresidual" is one of their options.
        draws: whether its networks draw while they train, as dropout does.
    """

    shown: str
    examples: tuple[str, ...]
    fits: Callable[[str], bool]
    layout: Callable[[Network], layout.Layout]
    module: str
    pixels: int = 0
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_shape: Mapping[str, Callable[[tuple[int, ...]], str]] = field(default_factory=dict)
    residual: bool = False
    draws: bool = False

    @property
    def pattern(self) -> str:
        """The names of its networks but for the width, which each may have: "resnet<6n+2>[-pad|-noresidual]"."""
        told = {option: values if option in self.by_shape else values[1:] for option, values in self.options.items()}
        return self.shown + "".join(f"[-{'|-'.join(values)}]" for values in told.values())


def _depth(name: str) -> int:
    match = re.fullmatch(r"resnet([1-9][0-9]{0,3})", name)
    return int(match[1]) if match else 0


FAMILIES = (
    Family(
        shown="mlp-<width>-<width>...",
        examples=("mlp-300-100",),
        fits=lambda name: re.fullmatch(r"mlp(-[1-9][0-9]*)+", name) is not None,
        layout=layout.mlp,
        module="lthcheck.zoo.mlp",
    ),
    Family(
        shown="lenet-300-100",
        examples=("lenet-300-100",),
        fits=lambda name: name == "lenet-300-100",
        layout=layout.mlp,
        module="lthcheck.zoo.mlp",
    ),
    Family(
        shown="lenet5",
        examples=("lenet5",),
        fits=lambda name: name == "lenet5",
        layout=layout.lenet5,
        module="lthcheck.zoo.lenet",
        pixels=12,
    ),
    *(
        Family(
            shown=name,
            examples=(name,),
            fits=partial(str.__eq__, name),
            layout=layout.conv,
            module="lthcheck.zoo.conv",
            pixels=pixels,
        )
        for name, pixels in (("conv2", 2), ("conv4", 4), ("conv6", 8))
    ),
    Family(
        shown="vgg<11|13|16|19>",
        examples=("vgg11", "vgg13", "vgg16", "vgg19"),
        fits=lambda name: re.fullmatch(r"vgg(11|13|16|19)", name) is not None,
        layout=layout.vgg,
        module="lthcheck.zoo.vgg",
        pixels=1,
    ),
    Family(
        shown="resnet<6n+2>",
        examples=("resnet8", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110"),
        fits=lambda name: _depth(name) in range(8, 9999, 6) and _depth(name) not in resnet_layout.STAGES,
        layout=resnet_layout.cifar,
        module="lthcheck.zoo.resnet",
        pixels=1,
        options={"shortcut": ("conv", "pad", "noresidual")},
        residual=True,
    ),
    Family(
        shown=f"resnet<{'|'.join(map(str, resnet_layout.STAGES))}>",
        examples=tuple(f"resnet{depth}" for depth in resnet_layout.STAGES),
        fits=lambda name: _depth(name) in resnet_layout.STAGES,
        layout=resnet_layout.imagenet,
        module="lthcheck.zoo.imagenet_resnet",
        pixels=1,
        options={"stem": ("3x3", "7x7"), "shortcut": ("conv", "noresidual")},
        by_shape={"stem": resnet_layout.stem_for},
        residual=True,
    ),
    Family(
        shown="mobilenet-v1",
        examples=("mobilenet-v1",),
        fits=partial(str.__eq__, "mobilenet-v1"),
        layout=depthwise_layout.mobilenet_v1,
        module="lthcheck.zoo.mobilenet_v1",
        pixels=1,
    ),
    Family(
        shown="mobilenet-v2",
        examples=("mobilenet-v2",),
        fits=partial(str.__eq__, "mobilenet-v2"),
        layout=depthwise_layout.mobilenet_v2,
        module="lthcheck.zoo.mobilenet_v2",
        pixels=1,
        residual=True,
    ),
    Family(
        shown="efficientnet-b0",
        examples=("efficientnet-b0",),
        fits=partial(str.__eq__, "efficientnet-b0"),
        layout=depthwise_layout.efficientnet,
        module="lthcheck.zoo.efficientnet",
        pixels=1,
        residual=True,
        draws=True,
    ),
    *(
        Family(
            shown=name,
            examples=(name,),
            fits=partial(str.__eq__, name),
            layout=depthwise_layout.pnasnet,
            module="lthcheck.zoo.pnasnet",
            pixels=1,
        )
        for name in ("pnasnet-a", "pnasnet-b")
    ),
)

_registered: dict[str, Own] = {}


def register_model(name: str, factory: Factory) -> None:
    """Makes a network of yours known by name; registering a name again replaces it.

    Args:
        name: none of lthcheck's own.
        factory: a torch.nn.Module class, or a function that gives a module. It is called with those of these that it
            has as parameters: `shape` of one input, without the batch, e.g. (3, 32, 32); the number of `classes`;
            `width`, the factor on hidden units or channels. Without `width` there is no small dense network (SDT) to
            compare with, and condition 2 stays unknown.

    Raises:
        ValueError: for a name that is taken, or a factory that asks for more; for one whose source cannot be
            read when the network is used.
    """
    if _is_own(name):
        raise ValueError(f"model={name!r} must not be a name of lthcheck's own; choose another")
    typed("model", name)
    _registered[name] = own(name, factory)


def registered(names: Iterable[str]) -> dict[str, Own]:
    """Those of the names that are networks of the user's."""
    return {name: _registered[name] for name in names if name in _registered}


def adopt(networks: Mapping[str, Own]) -> None:
    """Makes networks known that were registered in another process."""
    _registered.update(networks)


def names() -> list[str]:
    """Every known network; lthcheck's own as patterns, to each of which -w<width> may be added."""
    return [family.pattern for family in FAMILIES] + sorted(_registered)


def _is_own(name: str) -> bool:
    try:
        return spelt(name, FAMILIES) is not None
    except ValueError:  # resnet20-mine
        return False


def _spelt(name: str) -> Spelling:
    """What the name of any known network says; a name of the user's says nothing but itself."""
    if len(name) > 100:  # int() refuses widths of thousands of digits with words of its own
        raise ValueError(f"model={name[:20] + '...'!r} must be at most 100 characters")
    if name in _registered:
        return Spelling(name)
    examples = [example for family in FAMILIES for example in family.examples]
    return spelt(name, FAMILIES) or Spelling(known("model", name, examples + sorted(_registered), shown=names()))


def check(name: str) -> None:
    """Refuses a name that is not known, or that ends in what is neither a width nor a value of its options."""
    _spelt(name)


def fingerprint(name: str, shape: tuple[int, ...], classes: int) -> str:
    """sha256 of the name and the factory's code (`lthcheck.zoo.code`); "" for lthcheck's own."""
    check(name)
    return _registered[name].fingerprint_at(tuple(shape), classes) if name in _registered else ""


def network(name: str, shape: tuple[int, ...], classes: int, *, options: tuple[tuple[str, str], ...] = ()) -> Network:
    """The expression of a network: however it is spelt, equal networks have equal keys.

    Options at their default are left out, but for those whose default follows the shape, which are always stated.

    Args:
        name: one of `names`; of lthcheck's own, "resnet32-w2-noresidual" is resnet32 with twice the channels and
            without residual connections. The order of such suffixes does not matter.
        options: further ones than those that the name says.

    Raises:
        ValueError: for a name that is not known, and a shape, width or options that do not fit it.
    """
    base, width, said = _spelt(name)
    chosen = dict((*said, *options))
    if len(chosen) < len(said) + len(options):
        raise ValueError(f"{name}: options={options} must choose what the name leaves open, each once; drop the others")
    family = _family(base)
    if family:
        chosen = {option: default(shape) for option, default in family.by_shape.items()} | chosen
    made = Network(base, shape, classes, width, tuple(sorted(chosen.items())), fingerprint(base, shape, classes))
    find(made)
    if not family:
        return made
    stated = (each for each in made.options if each[0] in family.by_shape or each[1] != family.options[each[0]][0])
    return replace(made, options=tuple(stated))


def _family(base: str) -> Family | None:
    return next((family for family in FAMILIES if base not in _registered and family.fits(base)), None)


def find(network: Network) -> Family | Own:
    """What a network is built by, once its shape, width and options are seen to fit."""
    name, shape = network.name, network.shape
    check(name)
    registered_as = fingerprint(name, shape, network.classes)
    if network.fingerprint != registered_as:
        rule = f"must be {registered_as[:12]!r}, that of the network as it is registered here"
        raise ValueError(f"{name}: fingerprint={network.fingerprint[:12]!r} {rule}; make it with lthcheck.zoo.network")
    if not shape or min(shape) < 1 or network.classes < 1 or network.width <= 0:
        got = f"shape={shape}, classes={network.classes}, width={network.width:g}"
        raise ValueError(f"{name}: {got} must all be above 0; a vector of n numbers has the shape (n,)")
    if name in _registered:
        _check_registered(network, _registered[name])
        return _registered[name]
    family = _family(name)
    if family is None:
        rule = "must be a network's name without its width and options"
        raise ValueError(f"name={name!r} {rule}; make it with lthcheck.zoo.network")
    if family.pixels and (len(shape) != 3 or min(shape[1:]) < family.pixels):
        rule = f"must be (channels, height, width) with at least {family.pixels} pixels a side for {name}"
        raise ValueError(f"shape={shape} {rule}; use an MLP such as mlp-300-100, or other data")
    for option, value in network.options:
        if value not in family.options.get(option, ()):
            known = "; ".join(f"{key}: {' or '.join(values)}" for key, values in family.options.items()) or "none"
            raise ValueError(f"{option}={value!r} must be an option of {name}; its options: {known}")
    for option in family.by_shape.keys() - dict(network.options).keys():
        rule = f"must state its {option}, {' or '.join(family.options[option])}"
        raise ValueError(f"{name}: options={network.options} {rule}; make it with lthcheck.zoo.network")
    return family


def residual(network: Network) -> bool | None:
    """Whether it has residual connections; None for a network of the user's own, whose code does not tell."""
    known = find(network)
    if isinstance(known, Own):
        return None
    return known.residual and "noresidual" not in dict(network.options).values()


def draws(network: Network) -> bool:
    """Whether it may draw from torch's global generator while it trains, as dropout does; the user's own may."""
    known = find(network)
    return isinstance(known, Own) or known.draws


def scalable(network: Network) -> bool:
    """Whether it has a width to choose, and so a small dense network (SDT) to compare with."""
    known = find(network)
    return isinstance(known, Family) or known.scalable


def _check_registered(network: Network, known: Own) -> None:
    if network.options:
        rule = "must be empty for a network of your own"
        raise ValueError(f"options={network.options} {rule}; register each variant by a name")
    if network.width != 1 and not known.scalable:
        rule = f"must be 1 for {network.name}, which heeds no width"
        raise ValueError(f"width={network.width:g} {rule}; give its factory a parameter named width")
