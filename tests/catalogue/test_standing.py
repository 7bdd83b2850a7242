"""Where networks stand in the papers is what the paper says, of names that lthcheck knows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lthcheck import data, zoo
from lthcheck.catalogue.standing import NETWORKS, PAPERS, STANDINGS, of_dataset, of_network
from lthcheck.data.facts import FACTS

TABLE_3 = Path(__file__).parents[1] / "verdict" / "published" / "said" / "table-3.csv"
SPELT = {"resnet32-x2": "resnet32-w2", "tinyimagenet": "tiny_imagenet"}  # in the fixture, and here
MODELS = sorted({*NETWORKS, *(each.model for each in STANDINGS)})
DATASETS = sorted({*FACTS, *NETWORKS.values(), *(each.dataset for each in STANDINGS)})


@pytest.mark.parametrize("name", MODELS)
def test_a_network_of_the_papers_is_known(name):
    zoo.check(name)


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_of_the_papers_is_known(name):
    data.check(name)


def test_the_networks_of_the_papers_are_all_there():
    small = ["lenet-300-100", "lenet5", "conv2", "conv4", "conv6", "mobilenet-v1", "mobilenet-v2"]
    residual = ["resnet20", "resnet32", "resnet32-w2", "resnet32-w2-noresidual", "resnet18", "resnet50"]
    others = ["vgg11", "vgg16", "vgg19", "pnasnet-a", "pnasnet-b", "efficientnet-b0"]
    assert set(MODELS) - {"mlp-300-100"} == {*small, *residual, *others}


def test_the_data_sets_of_the_papers_are_all_there():
    streamed = ["imagenet", "places365", "tiny_imagenet"]
    small = ["cifar10", "cifar100", "cifar10a", "cifar10b", "svhn", "fashion_mnist", "mnist", "mnist1d", "digits"]
    assert set(DATASETS) == {*small, *streamed}


def test_table_3_is_as_printed():
    with TABLE_3.open(encoding="utf-8", newline="") as file:
        printed = [[SPELT.get(value, value) for value in row.values()] for row in csv.DictReader(file)]
    answered = [[each.model, each.dataset, each.jackpot, each.secondary] for each in STANDINGS if each.jackpot]
    assert sorted(answered) == sorted(printed)


def test_a_network_stands_once_in_a_paper_and_data_set():
    places = [(each.paper, each.model, each.dataset) for each in STANDINGS]
    assert len(set(places)) == len(places)
    assert set(PAPERS) - {paper for paper, *_ in places} == {"sahu2022"}  # whose networks were not looked up


def test_standings_are_found_by_network_and_by_data_set():
    assert {each.dataset for each in of_network("resnet18")} == {"cifar10", "cifar100", "tiny_imagenet", "imagenet"}
    assert [each.model for each in of_dataset("tiny_imagenet")] == ["resnet18", "resnet50"]
    assert of_network("mine") == of_dataset("mine.npz") == []
