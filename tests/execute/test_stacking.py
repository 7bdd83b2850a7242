"""The next stack: the longest way first, with as many beside it as there is work to share."""

from __future__ import annotations

from dataclasses import replace

from lthcheck.execute.plan import Job
from lthcheck.execute.stacking import Ready, signature
from lthcheck.run import Data, Dense, Init, Network, Pruned, Run, Training

NET = Network("mlp-64-32", shape=(40,), classes=10)


def stack(ready, *, priority=None, kinds=None, largest=8, trainers=1):
    """The next stack of runs that are alike and equally urgent, where nothing else is said."""
    priority = dict.fromkeys(ready, 0) | (priority or {})
    kinds = dict.fromkeys(ready) | (kinds or {})
    waiting = Ready(priority, kinds)
    for key in ready:
        waiting.add(key)
    return waiting.next(largest=lambda key: largest, trainers=trainers)


def test_of_nothing_there_is_none():
    assert stack("") == []


def test_the_longest_way_comes_first():
    assert stack("abc", priority={"b": 5, "c": 3}, largest=2) == ["b", "c"]


def test_those_of_equal_priority_come_in_their_order():
    assert stack("cab") == ["c", "a", "b"]


def test_only_what_is_alike_trains_together():
    assert stack("abcd", priority={"c": 1}, kinds={"a": "x", "c": "x"}) == ["c", "a"]


def test_it_is_no_larger_than_a_stack_may_be():
    assert len(stack("abcdefghijkl", largest=8)) == 8
    assert len(stack("abcdefghijkl", largest=1)) == 1


def test_every_trainer_gets_a_share():
    assert len(stack("abcde", trainers=2)) == 3


def job(until=50, **changes):
    training = Training(lr=0.1, batch=10, steps=50)
    run = Run(NET, Data("stand-in", fingerprint="f" * 64), training, Init(NET, "pytorch", seed=0), Dense(), seed=0)
    return Job(replace(run, **changes), frozenset(), until)


def test_lr_seed_and_mask_may_differ_in_a_stack():
    other = job(
        training=Training(lr=0.2, batch=10, steps=50), seed=1, mask=Pruned(Init(NET, "pytorch", seed=1), sparsity=0.5)
    )
    assert signature(other) == signature(job())


def test_length_and_network_may_not():
    narrow = replace(NET, width=0.5)
    others = [
        job(until=20),
        job(training=Training(lr=0.1, batch=10, steps=60)),
        job(network=narrow, start=Init(narrow, "pytorch", seed=0)),
    ]
    assert signature(job()) not in map(signature, others)
