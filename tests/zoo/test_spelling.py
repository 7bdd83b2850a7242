"""A network has one key, however its name is spelt; a name that says too much or nonsense is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck import zoo
from lthcheck.zoo.registry import FAMILIES
from lthcheck.zoo.spelling import Spelling, spelt

SHAPE = (3, 32, 32)


@st.composite
def spellings(draw):
    """A family, one of its names, a width or None, and a value of some of its options."""
    family = draw(st.sampled_from(FAMILIES))
    options = {option: draw(st.sampled_from((None, *values))) for option, values in family.options.items()}
    width = draw(st.none() | st.integers(1, 400).map(lambda n: n / 100))
    return family, draw(st.sampled_from(family.examples)), width, {k: v for k, v in options.items() if v}


@given(spelling=spellings(), data=st.data())
def test_the_order_of_suffixes_and_defaults_spelt_out_make_no_other_network(spelling, data):
    family, base, width, options = spelling
    words = [*options.values()] + ([] if width is None else [f"w{width:g}"])
    network = zoo.network("-".join([base, *data.draw(st.permutations(words))]), SHAPE, 10)
    assert network == replace(zoo.network(base, SHAPE, 10, options=tuple(options.items())), width=width or 1.0)
    defaults = {option: values[0] for option, values in family.options.items()}  # at 32 pixels, those by shape too
    assert dict(network.options) == {k: v for k, v in (defaults | options).items() if _is_stated(family, k, v)}
    assert network.name == base


def _is_stated(family, option, value):
    return option in family.by_shape or value != family.options[option][0]


def test_networks_of_other_options_have_other_keys():
    names = [
        *("resnet20", "resnet20-pad", "resnet20-noresidual", "resnet20-w2", "resnet20-w2-pad", "resnet18"),
        *("resnet18-7x7", "resnet18-noresidual", "resnet18-7x7-noresidual", "resnet50", "resnet50-7x7"),
    ]
    assert len({zoo.network(name, SHAPE, 10).key for name in names}) == len(names)


def test_keys_of_what_is_stored_stay():
    stored = {"resnet20": "55297f09f201", "resnet20-pad": "4454273fc657", "resnet32-w2": "c320f8f44512"}
    assert {name: zoo.network(name, SHAPE, 10).key[:12] for name in stored} == stored


@given(family=st.sampled_from(FAMILIES), suffix=st.text("-w.0123padx7", max_size=8) | st.text(max_size=8))
@settings(max_examples=50)
def test_any_name_is_known_or_refused_in_one_line(family, suffix):
    name = f"{family.examples[0]}-{suffix}"
    try:
        found = spelt(name, FAMILIES)
    except ValueError as refusal:
        assert name in str(refusal)  # noqa: PT017
        return
    assert found is not None
    words = name.split("-")[found.base.count("-") + 1 :]
    assert len(words) == len(found.options) + any(word.startswith("w") for word in words)


def test_values_of_a_familys_options_can_be_told_apart():
    for family in FAMILIES:
        words = [word for values in family.options.values() for word in values]
        assert len(set(words)) == len(words)
        assert not any("-" in word or word.startswith("w") or not word for word in words)
        assert family.by_shape.keys() <= family.options.keys()


def test_a_name_is_of_one_family():
    for example in (example for family in FAMILIES for example in family.examples):
        assert sum(family.fits(example) for family in FAMILIES) == 1, example


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("resnet32-w2-noresidual", Spelling("resnet32", 2.0, (("shortcut", "noresidual"),))),
        ("resnet32-noresidual-w2", Spelling("resnet32", 2.0, (("shortcut", "noresidual"),))),
        ("resnet18-7x7-conv", Spelling("resnet18", 1.0, (("shortcut", "conv"), ("stem", "7x7")))),
        ("mlp-300-100-w0.5", Spelling("mlp-300-100", 0.5)),
        ("lenet-300-100", Spelling("lenet-300-100")),
        ("resnet19", None),
        ("-w2", None),
        ("", None),
    ],
)
def test_what_a_name_says(name, spelling):
    assert spelt(name, FAMILIES) == spelling


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "resnet20-pda",
            "resnet20-pda: suffix='pda' is not known; did you mean pad? Known: w<width>, conv, pad, nores",
        ),
        ("resnet32-w2-nonresidual", "suffix='nonresidual' is not known; did you mean noresidual?"),
        ("resnet20-7x7", "suffix='7x7' is not known. Known: w<width>, conv, pad, noresidual"),
        ("vgg16-noresidual", "suffix='noresidual' is not known. Known: w<width>"),
        ("resnet32-w", "suffix='w' is not known"),
        ("resnet32-w-1", "suffix='w' is not known"),
        ("resnet8-w1e3", "suffix='w1e3' is not known"),
        ("mlp-30-", "suffix='' is not known"),
        ("resnet8-w2-w2", "resnet8-w2-w2: w2 and w2 must not both be its width; keep one"),
        ("resnet8-pad-noresidual", "pad and noresidual must not both be its shortcut; keep one"),
        ("resnet18-7x7-w2-3x3", "7x7 and 3x3 must not both be its stem; keep one"),
        ("resnet21-w2", "model='resnet21-w2' is not known"),
        ("-w2", "model='-w2' is not known"),
    ],
)
def test_what_a_name_must_not_say(name, told):
    with pytest.raises(ValueError, match=r"must not both be|is not known") as refusal:
        zoo.check(name)
    assert told in str(refusal.value)


def test_names_are_told_with_their_options():
    assert "resnet<6n+2>[-pad|-noresidual]" in zoo.names()
    assert "resnet<18|34|50|101|152>[-3x3|-7x7][-noresidual]" in zoo.names()
    assert "vgg<11|13|16|19>" in zoo.names()
