"""A study of pictures that are streamed from disk, by the trainers."""

from __future__ import annotations

import pytest
from data.trees import imagenet

from lthcheck import data, zoo
from lthcheck.execute.calibrate import Burst
from lthcheck.execute.error import Refused, TrainerError
from lthcheck.execute.gauge import Gauge
from lthcheck.execute.trainer import Place
from lthcheck.recipe import Recipe
from lthcheck.run import Data, Dense, Init, Run, Training
from lthcheck.store import Store
from lthcheck.study import Study


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A folder with an ImageNet of 12 + 6 pictures."""
    return imagenet(tmp_path_factory.mktemp("pictures") / "imagenet").parent


def study(model="lenet5-w0.2", **recipe):
    usual = {
        "lrs": (0.01,),
        "sparsities": (0.2,),
        "seeds": 1,
        "epochs": 1,
        "batch": 6,
        "weight_decay": 5e-4,
        "augmentation": "resized-crop-flip",
    }
    small = Recipe(name="small", source="these tests", initialiser="pytorch", **usual | recipe)
    return Study(model=model, dataset="imagenet", recipe=small, methods=("omp",))


@pytest.mark.slow
def test_a_study_of_imagenets_layout_alone_is_as_stacked(ask, kept, tree, tmp_path):
    both, one = Store(tmp_path / "both"), Store(tmp_path / "one")
    found, _ = ask(study(seeds=2), both, conditions=(3,), data_dir=tree)
    assert {row.arm for row in found.rows} == {"dense", "lt", "rr"}
    assert not found.violations
    ask(study(), one, conditions=(3,), data_dir=tree)
    alone, stacked = kept(one), kept(both)
    assert len(alone) == 3
    assert alone == {key: stacked[key] for key in alone}


def test_its_pace_is_measured_on_few_test_pictures(tree, tmp_path):
    info, told = data.describe("imagenet", data_dir=tree), []
    network = zoo.network("lenet5-w0.2", info.shape, info.classes)
    pictures = Data("imagenet", info.fingerprint, augmentation="resized-crop-flip")
    run = Run(network, pictures, Training(lr=0.01, batch=6, steps=4), Init(network, "pytorch", 0), Dense(), 0)
    Gauge(Place(tmp_path, tree), told.append).work(Burst(run, 1, 0.01))
    assert [message[0] for message in told] == ["started", "pace"]
    assert told[1][1].step > 0


def test_a_network_that_holds_all_samples_as_rows_is_refused(ask, tree, tmp_path):
    with pytest.raises(Refused, match=r"model='mlp-8' must be convolutional for imagenet, which is streamed from disk"):
        ask(study("mlp-8"), Store(tmp_path), conditions=(3,), data_dir=tree)


def test_an_augmentation_for_pictures_of_one_size_is_refused(ask, tree, tmp_path):
    with pytest.raises(Refused, match=r"augmentation='crop-flip' must be one of none, resized-crop-flip"):
        ask(study(augmentation="crop-flip"), Store(tmp_path), conditions=(3,), data_dir=tree)


def test_a_picture_that_changed_meanwhile_stops_the_training_and_is_named(ask, tmp_path):
    root = imagenet(tmp_path / "imagenet")
    data.describe("imagenet", data_dir=tmp_path)
    odd = next((root / "train").rglob("*_3.JPEG"))
    odd.write_bytes(b"cut off")  # as the folder is not changed by that, the index stays
    with pytest.raises(
        TrainerError, match=rf"{odd.name} has 7 bytes, must have the \d+ it had when its folder was read"
    ):
        ask(study(), Store(tmp_path / "store"), conditions=(3,), data_dir=tmp_path)
