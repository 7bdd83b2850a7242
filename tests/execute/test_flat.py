"""What a study costs beside its training grows with its runs, and no faster: counted in what is read and computed."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter

import filled
import pytest

from lthcheck import audit, expression
from lthcheck.execute.answer import answer
from lthcheck.execute.plan import plan
from lthcheck.execute.stacking import Ready, signature
from lthcheck.execute.wants import Wants, lean
from lthcheck.forecast import forecast
from lthcheck.report import schema
from lthcheck.report.series import opened, series
from lthcheck.store import Store
from lthcheck.store.store import Store as Read

SEEDS = (1, 4)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return filled.blobs(tmp_path_factory.mktemp("data") / "noise.npz")


@pytest.fixture(scope="module")
def study(dataset):
    """A study of 45 rows a seed, or as many times that."""
    return lambda seeds: filled.study(dataset, lrs=3, rungs=3, seeds=seeds)


@pytest.fixture(scope="module")
def whole(study, tmp_path_factory):
    """A store that holds the study of so many seeds."""
    stores = {}
    for seeds in SEEDS:
        stores[seeds] = Store(tmp_path_factory.mktemp("whole"))
        filled.fill(study(seeds), stores[seeds])
    return stores


@pytest.fixture
def counted(monkeypatch):
    """Counts the files that are read, and the keys that are computed."""
    files, keys = Counter(), Counter()
    read, json = Read._sound, expression.canonical_json

    def sound(self, path, key, then):
        files[path.relative_to(self.root)] += path.exists()
        return read(self, path, key, then)

    def written(value):
        if isinstance(value, dict) and "is" in value:
            keys[value["is"]] += 1
        return json(value)

    monkeypatch.setattr(Read, "_sound", sound)
    monkeypatch.setattr(expression, "canonical_json", written)
    return files, keys


def answered(study, store):
    (found,), _ = answer({study: study.questions()}, store)
    assert not found.violations
    return found


@pytest.mark.parametrize("seeds", SEEDS)
def test_evidence_reads_each_file_once(study, whole, counted, seeds):
    found = answered(study(seeds), whole[seeds])
    files, _ = counted
    assert set(files.values()) == {1}
    assert len(files) == 2 * found.cost["trainings"]


@pytest.mark.parametrize("seeds", SEEDS)
def test_planning_reads_each_file_once(study, whole, counted, seeds):
    forecast([study(seeds)], whole[seeds], calibrated=False)
    files, _ = counted
    assert set(files.values()) == {1}


def test_planning_computes_each_key_once(study, tmp_path, counted):
    keys = {}
    for seeds in SEEDS:
        counted[1].clear()
        wants = Wants(study(seeds), Store(tmp_path), None)
        made = plan(wants.demands(wants.study.questions()), wants.store)
        keys[seeds] = Counter(counted[1])
        assert keys[seeds]["Run"] == len(wants.slots) >= len(made.jobs)
        assert keys[seeds]["Training"] == 3  # one a learning rate
    assert keys[4]["Run"] == 4 * keys[1]["Run"]
    assert keys[4]["Init"] == 4 * keys[1]["Init"]
    assert keys[4]["Network"] == keys[1]["Network"]


def test_the_audit_compares_as_many_pairs_as_there_are_runs(study, whole):
    checked = {seeds: answered(study(seeds), whole[seeds]).checked for seeds in SEEDS}
    for rule in ("theta0", "mask", "order", "sdt"):
        assert checked[4][rule] == 4 * checked[1][rule]


def test_the_audit_goes_over_the_runs_a_constant_number_of_times(study, whole):
    looked = {}

    class Counting(dict):
        def items(self):
            for item in super().items():
                looked[len(self)] = looked.get(len(self), 0) + 1
                yield item

    for seeds in SEEDS:
        wants = Wants(study(seeds), whole[seeds], None)
        wants.demands(wants.study.questions())
        arms = Counting({tuple(slot): (wants.slots[slot], record) for slot, record in wants.records.items()})
        assert audit.audit(arms, lambda run: None) == []
        assert looked[len(arms)] == 2 * len(arms)


def test_of_a_result_only_what_is_read_stays_in_memory(study, whole):
    store = whole[1]
    key = next(store.keys())
    record = lean(store.result(key))
    assert not {"expression", "loss", "torch"} & record.keys()
    assert set(record["digests"]) == {"theta0", "mask", "order"}


def test_memory_grows_by_little_a_run(study, whole):
    def peak(seeds):
        """The least of three: what is made once, by whichever test asks first, does not count."""
        found = []
        for _ in range(3):
            gc.collect()
            tracemalloc.start()
            answered(study(seeds), whole[seeds])
            found.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        return min(found)

    runs = {seeds: answered(study(seeds), whole[seeds]).cost["trainings"] for seeds in SEEDS}
    assert (peak(4) - peak(1)) / (runs[4] - runs[1]) < 9000


def test_a_report_reads_its_evidence_once(monkeypatch):
    read = Counter()
    row = {"arm": "lt", "lr": 0.1, "accuracy": 0.9, "method": "imp", "sparsity": 0.672, "epochs": 4, "seed": 0}
    record = {"evidence": [row], "study": {}}
    made = schema.row
    monkeypatch.setattr("lthcheck.report.series.row", lambda values: read.update(rows=1) or made(values))
    cells = [{"method": "imp", "sparsity": 0.672}] * 3
    alone = [series(record, cell) for cell in cells]
    assert read["rows"] == 3
    shared = opened(record)
    assert [series(shared, cell) for cell in cells] == alone
    assert read["rows"] == 4


class Cost(int):
    """A priority that counts how often it is compared."""

    compared = 0

    def __lt__(self, other):
        Cost.compared += 1
        return int(self) < int(other)

    def __neg__(self):
        return Cost(-int(self))


def test_the_next_stack_is_found_without_a_look_at_all_that_wait():
    """So that 4 times the runs take some 4 times as long to hand out, and not 16 times."""
    compared = {}
    for size in (500, 2000):
        Cost.compared = 0
        keys = [f"{number:04}" for number in range(size)]
        ready = Ready({key: Cost(7 * int(key) % size) for key in keys}, dict.fromkeys(keys))
        for key in keys:
            ready.add(key)
        handed = []
        while ready:
            handed += ready.next(largest=lambda key: 8, trainers=2)
        assert sorted(handed) == keys
        compared[size] = Cost.compared
    assert compared[2000] < 6 * compared[500]


def test_a_run_that_was_taken_back_is_not_handed_out_unless_it_comes_again():
    ready = Ready({"a": 3, "b": 2, "c": 1}, dict.fromkeys("abc"))
    for key in "abc":
        ready.add(key)
    ready.discard("a")
    ready.discard("c")
    ready.add("c")
    assert ready.next(largest=lambda key: 8, trainers=1) == ["b", "c"]
    assert not ready
    ready.discard("b")
    ready.add("a")
    assert ready.next(largest=lambda key: 8, trainers=1) == ["a"]


def test_jobs_of_one_kind_share_a_signature(study, tmp_path):
    """Dense, lt and rr stack together, each sdt with its own: a few kinds, however many runs."""
    wants = Wants(study(4), Store(tmp_path), None)
    made = plan(wants.demands(wants.study.questions()), wants.store)
    assert len(set(map(signature, made.jobs.values()))) == 1 + 3
