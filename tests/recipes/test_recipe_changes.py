"""What a user says otherwise changes a recipe, and the difference from the published one stands in the record."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from lthcheck.options import CHANGES_STUDY, OPTIONS, expected_by_preset, parsed, studies
from lthcheck.preset import PRESETS
from lthcheck.recipe import Recipe
from lthcheck.recipes import changes, recipe
from lthcheck.report.departures import changed, departures
from lthcheck.report.markdown import markdown
from lthcheck.report.record import loads
from lthcheck.study import Study

EXAMPLES = Path(__file__).parents[2] / "reports" / "examples"
RESNET = {"model": "resnet20", "dataset": "mnist"}
GIVEN = {
    "lr": ("0.1,0.2,0.3", "lrs", (0.1, 0.2, 0.3)),
    "sparsity": ("0.9", "sparsities", (0.9,)),
    "seeds": ("2", "seeds", 2),
    "epochs": ("40", "epochs", 40),
    "steps": ("500", "steps", 500),
    "batch-size": ("128", "batch", 128),
    "optimiser": ("adam", "optimiser", "adam"),
    "momentum": ("0.8", "momentum", 0.8),
    "betas": ("0.8,0.99", "betas", (0.8, 0.99)),
    "weight-decay": ("0", "weight_decay", 0.0),
    "schedule": ("cosine", "schedule", "cosine"),
    "milestones": ("0.4,0.6", "milestones", (0.4, 0.6)),
    "factor": ("0.2", "factor", 0.2),
    "warmup-epochs": ("5", "warmup_epochs", 5),
    "last-batch": ("drop", "last_batch", "drop"),
    "augmentation": ("crop-flip", "augmentation", "crop-flip"),
    "label-smoothing": ("0.1", "label_smoothing", 0.1),
    "precision": ("bfloat16", "precision", "bfloat16"),
    "initialiser": ("pytorch", "initialiser", "pytorch"),
    "rate": ("0.3", "rate", 0.3),
    "rates": ("conv=0.1, linear=0.3", "rates", (("conv", 0.1), ("linear", 0.3))),
    "score": ("lamp", "score", "lamp"),
    "scope": ("layer", "scope", "layer"),
    "roles": ("conv", "roles", ("conv",)),
}

NEEDS = {"betas": {"optimiser": "adam"}, "rates": {"scope": "layer"}}  # options that one is idle without


def only(**texts):
    """The one study of these options, `batch_size` for batch-size."""
    (study,) = studies(parsed({name.replace("_", "-"): text for name, text in texts.items()}))
    return study


class TestOptions:
    def test_every_field_has_one_but_words_and_what_no_arm_does(self):
        assert {option.name for option in OPTIONS if option.field} == set(GIVEN)
        without = {"name", "source", "departs", "notes", "rewind"}
        assert {each.name for each in fields(Recipe)} - {field for _, field, _ in GIVEN.values()} == without

    @pytest.mark.parametrize("name", GIVEN)
    def test_it_changes_its_field_and_no_other(self, name):
        text, field, value = GIVEN[name]
        beside = NEEDS.get(name, {})
        plain = recipe("ma2021", **RESNET)
        study = only(recipe="ma2021", **RESNET, **{name: text}, **beside)
        assert study.recipe == plain.but({field: value} | beside)
        assert set(study.as_json()["recipe_changes"]) == {field, *beside}
        assert study.as_json()["recipe_changes"][field] == [getattr(plain, field), value]

    @pytest.mark.parametrize("name", GIVEN)
    def test_it_voids_the_expectation_of_a_preset(self, name):
        assert name in CHANGES_STUDY
        assert expected_by_preset(parsed({"preset": "tiny", name: GIVEN[name][0]})) is None

    def test_without_one_the_recipe_is_that_of_each_network_and_data_set(self):
        texts = {"recipe": "frankle2019", "model": "lenet-300-100,conv2,conv6", "dataset": "mnist"}
        made = studies(parsed(texts))
        assert [study.recipe.steps for study in made] == [50_000, 20_000, 30_000]
        assert [study.as_json()["recipe_changes"] for study in made] == [{}, {}, {}]

    def test_other_epochs_stretch_milestones_and_warm_up(self):
        digits = only(recipe="digits", epochs="40").recipe
        assert (digits.warmup_epochs, digits.training(0.1, 10).schedule.milestones) == (8, (200, 300))

    def test_epochs_take_the_place_of_steps(self):
        study = only(recipe="frankle2019", model="lenet-300-100", dataset="mnist", epochs="50")
        assert (study.recipe.steps, study.recipe.training(0.1, 7).steps) == (None, 350)
        assert study.as_json()["recipe_changes"] == {"steps": [50_000, None]}

    def test_one_rate_or_one_ranking_takes_the_place_of_rates_by_role(self):
        conv = {"recipe": "frankle2019", "model": "conv2", "dataset": "mnist"}
        assert only(**conv, rate="0.3").recipe.rates == only(**conv, scope="global").recipe.rates == ()
        assert only(**conv, roles="conv,linear").recipe.rates == (("conv", 0.1), ("linear", 0.2))

    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            ({"batch-size": "0"}, "batch=0 must be at least 1"),
            ({"batch-size": "many"}, "batch-size='many' must be a whole number, e.g. 3"),
            ({"weight-decay": "-1"}, "weight_decay=-1 must be 0 or above"),
            ({"weight-decay": "x"}, "weight-decay='x' must be a number, e.g. 0.1"),
            ({"momentum": "1"}, r"momentum=1 must be in \[0, 1\)"),
            (
                {"milestones": "80,120"},
                "milestones=80 must be fractions of the training.*write 0.5 for epoch 80 of 160",
            ),
            ({"warmup-epochs": "200"}, "warmup_epochs=200 must be at most 160"),
            ({"schedule": "steps"}, "schedule='steps' must be one of constant, step, cosine; did you mean step"),
            ({"roles": "convs"}, "roles='convs' is not known; did you mean conv"),
            ({"roles": ","}, "roles must name at least one role"),
            ({"schedule": "cosine", "milestones": "0.5"}, "milestones=.* must go with the schedule step"),
            (
                {"schedule": "constant", "factor": "0.5"},
                "factor=0.5 must go with the schedule step, but it is constant",
            ),
            ({"steps": "0"}, "steps=0 must be at least 1"),
            ({"steps": "500", "epochs": "3"}, "epochs=3, steps=500: a training must have one length"),
            ({"betas": "0.9,0.99"}, "betas=.* must go with the optimiser adam, but it is sgd; add optimiser adam"),
            ({"optimiser": "adam", "betas": "0.9"}, "betas=.* must be two numbers; write 0.9,0.999"),
            ({"rates": "conv=0.1"}, "scope='global' must be 'layer' with rates by role.*; add scope layer"),
            ({"rates": "0.1"}, "rates='0.1' must be a rate for each role, e.g. conv=0.1,linear=0.2"),
            ({"rates": "", "scope": "layer"}, "rates='' must be a rate for each role"),
            ({"rates": "conv=x", "scope": "layer"}, "rates='conv=x' must be a rate for each role"),
            ({"rates": "classifier=0.1", "scope": "layer"}, "rates='classifier' is not known"),
            ({"score": "snip"}, "score='snip' must be one of magnitude, lamp"),
            (
                {"method": "snip", "score": "lamp"},
                "score='lamp' must go with a method that uses it, imp or omp, but .*snip",
            ),
            ({"method": "snop", "score": "lamp"}, "method='snop' is not known; did you mean snip"),
            ({"optimiser": "adam", "momentum": "0.5"}, "momentum=0.5 must go with the optimiser sgd, but it is adam"),
        ],
        ids=str,
    )
    def test_what_cannot_be_is_refused(self, texts, message):
        with pytest.raises(ValueError, match=message):
            only(recipe="ma2021", **RESNET, **texts)

    @pytest.mark.parametrize("name", ["score", "rate", "rates", "scope", "roles"])
    def test_what_finds_masks_is_refused_beside_a_mask(self, name, tmp_path):
        np.savez(tmp_path / "mask.npz", **{"layers.0.weight": np.eye(4)})
        given = {name: GIVEN[name][0], "mask": str(tmp_path / "mask.npz")} | NEEDS.get(name, {})
        with pytest.raises(
            ValueError, match=f"{name}=.* must go with a method that uses it, imp or omp.* but has given"
        ):
            only(recipe="ma2021", **RESNET, **given)


class TestRecord:
    def test_a_preset_shows_how_it_differs_from_its_recipe(self):
        study = only(preset="undertrained")
        assert set(study.as_json()["recipe_changes"]) == {"epochs", "weight_decay", "lrs", "sparsities"}
        assert departures(study.as_json())[0].endswith(
            "but: epochs 30 instead of 100, weight decay 0.0005 instead of 0.0015, "
            "lr (0.1, 0.2, 0.3, 0.4) instead of (0.2, 0.3, 0.4), sparsity 0.832 instead of 0.866."
        )

    def test_what_is_as_published_is_said_to_be(self):
        assert departures(only().as_json()) == [
            "Recipe mnist1d (lthcheck, measured on MNIST-1D (README, presets)), as it stands."
        ]

    @pytest.mark.parametrize(
        ("of", "words"),
        [
            ({}, ""),
            ({"epochs": [160, 40], "batch": [64, 128]}, "epochs 40 instead of 160, batch size 128 instead of 64"),
            ({"epochs": [77, 40], "steps": [30000, None]}, "40 epochs instead of 30,000 steps"),
            ({"steps": [30000, None]}, "40 epochs instead of 30,000 steps"),
            ({"epochs": [160, 40], "steps": [None, 500]}, "500 steps instead of 160 epochs"),
            ({"steps": [30000, 500]}, "500 steps instead of 30,000 steps"),
            ({"milestones": [[0.5, 0.75], []]}, "milestones none instead of (0.5, 0.75)"),
            ({"rates": [[["conv", 0.1]], []]}, "rates none instead of (conv, 0.1)"),
            ({"roles": [["conv", "linear"], ["conv"]]}, "roles conv instead of (conv, linear)"),
        ],
    )
    def test_changes_in_words(self, of, words):
        assert changed(of, epochs=40) == words

    def test_a_recipe_of_ones_own_has_nothing_to_differ_from(self):
        own = replace(recipe("mnist1d"), name="mine", epochs=3)
        assert changes(own, model="mlp-8", dataset="mnist1d") == {}

    def test_the_epochs_that_steps_are_on_other_data_are_no_change(self):
        used = recipe("frankle2019", model="conv2", dataset="mnist").on(66)
        assert used.epochs != recipe("frankle2019", model="conv2", dataset="mnist").epochs
        assert changes(used, model="conv2", dataset="mnist") == {}

    @pytest.mark.parametrize("name", PRESETS)
    def test_a_study_survives_json(self, name):
        study = only(preset=name, rate="0.3")
        assert Study.from_json(json.loads(json.dumps(study.as_json()))) == study

    def test_so_do_rates_by_role_and_steps(self):
        study = only(recipe="frankle2019", model="conv2", dataset="mnist")
        again = Study.from_json(json.loads(json.dumps(study.as_json())))
        assert again == study
        assert again.recipe.rates == study.recipe.rates

    @pytest.mark.parametrize("name", ["default", "undertrained", "digits"])
    def test_a_record_without_the_difference_is_read_as_before(self, name):
        record = loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
        study = Study.from_json(record["study"])
        assert (study.recipe.steps, study.recipe.rates, study.recipe.score) == (None, (), "magnitude")
        if "recipe_changes" not in record["study"]:
            assert departures(record["study"]) == []
            assert "Recipe mnist1d (" not in markdown(record)

    def test_the_report_says_the_difference_and_what_is_not_done(self):
        record = loads((EXAMPLES / "default.json").read_text(encoding="utf-8"))
        used = recipe("liu2021").but({"epochs": record["study"]["epochs"]})
        study = Study(model="mlp-300-100", dataset="mnist1d", recipe=used).as_json()
        said = markdown(record | {"study": json.loads(json.dumps(study))})
        assert "as published" not in said.partition("## Recipe")[2].partition("##")[0]
        assert "but: epochs 100 instead of 150." in said
        assert "- recipe: liu2021, initialiser kaiming_normal, batch size 128, weight decay 0.0005, " in said
        assert "- Not done as in liu2021: masks by ADMM; one that you have goes in by --mask." in said
        assert "- Not done as in liu2021: rewinding to the weights after 10 epochs; lt begins at theta_0." in said
        assert "- Note on liu2021: sparsities: not stated; lthcheck's choice, the ladder of ma2021." in said
        assert "rewind" not in said.partition("- recipe: liu2021")[2].partition("\n")[0]

    def test_rewinding_is_said_not_to_be_done(self):
        said = departures(only(recipe="morcos2019", model="vgg11", dataset="cifar10").as_json())
        assert "Not done as in morcos2019: rewinding to the weights after 1 epoch; lt begins at theta_0." in said
        assert not any("rewinding" in each for each in departures(only(recipe="sahu2022", **RESNET).as_json()))

    @pytest.mark.parametrize(
        ("given", "stays"),
        [
            ({"steps": "140000"}, True),
            ({"steps": "140000", "warmup_epochs": "3"}, False),
            ({"epochs": "40"}, False),
            ({}, False),
        ],
        ids=str,
    )
    def test_steps_leave_the_warm_up_as_it_was_and_that_is_said(self, given, stays):
        study = only(recipe="ma2021", model="vgg16", dataset="cifar10", **given)
        said = "instead of 160 epochs; its warm-up stays 75 epochs, since steps do not stretch it."
        assert departures(study.as_json())[0].endswith(said) is stays
        assert ("stays" in departures(study.as_json())[0]) is stays

    def test_a_recipe_in_steps_is_told_in_steps(self):
        record = loads((EXAMPLES / "default.json").read_text(encoding="utf-8"))
        record["study"]["recipe"]["steps"] = 3200
        said = markdown(record)
        assert "trained for 3,200 steps" in said
        assert "2T = 6,400 steps" in said
        assert "epochs and" not in said
