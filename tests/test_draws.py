"""Random draws are functions of where they are asked for, and are random."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck import draws

MASK = (1 << 64) - 1
ANY_STREAM = st.integers(-(2**63), 2**63 - 1)


def splitmix64(start, n):
    """Steele et al. 2014, by unsigned arithmetic."""
    made = []
    state = start & MASK
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        made.append(z ^ (z >> 31))
    return made


def unsigned(draw):
    """As the paper counts them."""
    return [number & MASK for number in draw.tolist()]


class TestBits:
    def test_published_values(self):
        """Of seed 1234567, from Rosetta Code, "Pseudo-random numbers/Splitmix64"."""
        published = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
            16408922859458223821,
        ]
        assert unsigned(draws.bits(1234567, 5)) == published

    @settings(deadline=None, max_examples=100)
    @given(ANY_STREAM, st.integers(0, 40))
    def test_they_are_splitmix64(self, stream, n):
        assert unsigned(draws.bits(stream, n)) == splitmix64(stream, n)

    @settings(deadline=None, max_examples=30)
    @given(ANY_STREAM, st.integers(0, 50), st.integers(0, 50))
    def test_the_first_draws_do_not_depend_on_how_many_are_drawn(self, stream, few, more):
        assert torch.equal(draws.bits(stream, few), draws.bits(stream, few + more)[:few])


class TestStream:
    # (seed, purpose, *where) of streams that must have nothing in common
    PLACES = (
        (0, "init"),
        (0, "reinit"),
        (0, "order"),
        (1, "init"),
        (-1, "init"),
        (11, "init"),
        (0, "order", 0),
        (0, "order", 1),
        (0, "order", 10),
        (0, "init", "layers.0.weight"),
        (0, "init", "layers.0.bias"),
        (0, "mask", "layers.0.weight"),
    )

    def test_golden(self):
        """Every stored result rests on these; a change asks for a higher TRAINER_VERSION."""
        assert draws.stream(0, "init") == 3038139617124118876
        assert draws.stream(3, "order", 7) == -1640068335052075492

    def test_they_are_signed_64_bit_numbers(self):
        streams = [draws.stream(seed, "order", epoch) for seed in range(20) for epoch in range(20)]
        assert all(-(2**63) <= stream < 2**63 for stream in streams)
        assert min(streams) < 0 < max(streams)

    def test_each_place_has_its_own(self):
        assert len({draws.stream(*place) for place in self.PLACES}) == len(self.PLACES)

    def test_they_are_uncorrelated(self):
        n = 4096
        drawn = torch.stack([draws.uniform(draws.stream(*place), n) for place in self.PLACES])
        correlation = torch.corrcoef(drawn) - torch.eye(len(self.PLACES))
        assert float(correlation.abs().max()) < 5 / math.sqrt(n)  # five standard errors of zero

    def test_successive_draws_are_uncorrelated(self):
        n = 100_000
        drawn = draws.uniform(draws.stream(0, "init"), n)
        for lag in (1, 2, 3, 10):
            pair = torch.stack([drawn[:-lag], drawn[lag:]])
            assert abs(float(torch.corrcoef(pair)[0, 1])) < 5 / math.sqrt(n)


class TestPermutation:
    @settings(deadline=None, max_examples=50)
    @given(ANY_STREAM, st.integers(0, 300))
    def test_it_holds_every_number_once(self, stream, n):
        assert torch.equal(draws.permutation(stream, n).sort().values, torch.arange(n))

    def test_every_permutation_of_four_is_as_likely(self):
        trials = 4800
        counts = dict.fromkeys(itertools.permutations(range(4)), 0)
        for seed in range(trials):
            counts[tuple(draws.permutation(draws.stream(seed, "order"), 4).tolist())] += 1
        expected = trials / 24
        chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
        assert chi_square < 49.7  # 23 degrees of freedom; exceeded once in a thousand

    def test_equal_draws_keep_their_order(self, monkeypatch):
        monkeypatch.setattr(draws, "bits", lambda stream, n, *, device: torch.zeros(n, dtype=torch.int64))
        assert draws.permutation(0, 100).tolist() == list(range(100))


class TestUniform:
    def test_it_is_inside_the_open_interval_at_either_end(self, monkeypatch):
        monkeypatch.setattr(draws, "bits", lambda stream, n: torch.tensor([0, -1]))  # all bits 0, all bits 1
        low, high = draws.uniform(0, 2).tolist()
        assert 0 < low < 1e-15
        assert 1 - 1e-15 < high < 1

    @settings(deadline=None, max_examples=30)
    @given(ANY_STREAM)
    def test_it_is_in_the_open_interval_for_any_stream(self, stream):
        drawn = draws.uniform(stream, 200)
        assert drawn.dtype == torch.float64
        assert bool(((drawn > 0) & (drawn < 1)).all())

    def test_all_tenths_are_as_likely(self):
        n = 100_000
        counts = torch.histc(draws.uniform(draws.stream(0, "init"), n), bins=10, min=0, max=1)
        chi_square = float(((counts - n / 10) ** 2 / (n / 10)).sum())
        assert chi_square < 27.9  # 9 degrees of freedom; exceeded once in a thousand


class TestNormal:
    N = 100_000

    @pytest.mark.parametrize("seed", range(3))
    def test_its_moments(self, seed):
        drawn = draws.normal(draws.stream(seed, "init"), self.N)
        assert drawn.dtype == torch.float64
        assert abs(float(drawn.mean())) < 4 / math.sqrt(self.N)
        assert float(drawn.std()) == pytest.approx(1, abs=4 / math.sqrt(2 * self.N))
        assert float((drawn**4).mean()) == pytest.approx(3, abs=4 * math.sqrt(96 / self.N))

    def test_it_is_finite_at_either_end(self, monkeypatch):
        monkeypatch.setattr(draws, "bits", lambda stream, n: torch.tensor([0, -1]))
        low, high = draws.normal(0, 2).tolist()
        assert -9 < low < -8
        assert low == pytest.approx(-high, abs=0.1)


def test_the_global_generators_are_left_alone():
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    draws.normal(draws.stream(0, "init"), 100)
    draws.permutation(draws.stream(0, "order", 3), 100)
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])


def test_a_seeded_global_generator_changes_nothing():
    first = draws.permutation(draws.stream(0, "order"), 50)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        assert torch.equal(draws.permutation(draws.stream(0, "order"), 50), first)
