"""What a user types becomes studies, or is refused with a remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lthcheck import preset as presets
from lthcheck.options import CHANGES_STUDY, CHANGES_VERDICT, OPTIONS, expected_by_preset, parsed, studies
from lthcheck.preset import PRESETS
from lthcheck.recipes import recipe


def asked(**texts):
    """The studies of options as they are typed; `report_dir` stands for report-dir."""
    return studies(parsed({name.replace("_", "-"): text for name, text in texts.items()}))


def only(**texts):
    """The one study of these options."""
    (study,) = asked(**texts)
    return study


class TestParsed:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("model", "mlp-64-32,resnet20", ("mlp-64-32", "resnet20")),
            ("model", " mlp-64-32 , resnet20 ,", ("mlp-64-32", "resnet20")),
            ("lr", "0.1", (0.1,)),
            ("lr", "0.1, 1e-3", (0.1, 0.001)),
            ("sparsity", ".5,0.832", (0.5, 0.832)),
            ("method", "imp,omp", ("imp", "omp")),
            ("seeds", "3", 3),
            ("epochs", "160", 160),
            ("delta", "0.5", 0.005),
            ("gamma", "1", 0.01),
            ("reading", "literal", "literal"),
            ("rule", "confident", "confident"),
            ("require", "jackpot", "jackpot"),
            ("device", "cuda", "cuda"),
            ("device", "cuda:0,cuda:2", "cuda:0,cuda:2"),
            ("precision", "bfloat16", "bfloat16"),
            ("expect", "mine.toml", "mine.toml"),
            ("assume-adequate", True, True),
        ],
    )
    def test_a_value(self, name, text, value):
        assert parsed({name: text}) == {name: value}

    def test_what_is_not_given_is_left_out(self):
        assert parsed({"lr": None, "assume-adequate": False, "seeds": None}) == {}
        assert parsed({}) == {}

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("lr", "0.1;0.2", r"lr='0\.1;0\.2' must be numbers between commas, e\.g\. 0\.1,0\.2"),
            ("lr", "0.1,fast", "lr='0.1,fast' must be numbers between commas"),
            ("sparsity", "90%", "sparsity='90%' must be numbers between commas"),
            ("seeds", "three", "seeds='three' must be a whole number"),
            ("seeds", "1.5", r"seeds='1\.5' must be a whole number"),
            ("epochs", "", "epochs='' must be a whole number"),
            ("delta", "half", r"delta='half' must be a number of percentage points in \[0, 50\), e\.g\. 0\.5"),
            ("require", "gold", "require='gold' must be one of secondary, jackpot"),
            ("reading", "Literal", "reading='Literal' must be one of joint, literal"),
            ("rule", "lenient", "rule='lenient' must be one of paper, confident"),
            ("device", "gpu", "device='gpu' must be one of cpu, cuda"),
            ("device", "cuda:0,cuda:0", "device='cuda:0,cuda:0' must name each GPU once, e.g. cuda:0,cuda:2"),
            ("device", "cuda:all", "device='cuda:all' must name each GPU once"),
            ("precision", "fp16", "precision='fp16' must be one of float32, float64, bfloat16, tf32"),
        ],
    )
    def test_a_bad_value_is_told_with_its_option_and_rule(self, name, text, message):
        with pytest.raises(ValueError, match=message):
            parsed({name: text})

    @pytest.mark.parametrize("name", ["delta", "gamma"])
    @pytest.mark.parametrize("text", ["nan", "-1", "50", "inf"])
    def test_a_margin_out_of_range_is_refused_before_training(self, name, text):
        with pytest.raises(ValueError, match=name):
            asked(**{name: text})

    def test_every_option_has_a_help_text_and_its_own_name(self):
        assert len({option.name for option in OPTIONS}) == len(OPTIONS)
        assert all(option.help for option in OPTIONS)


class TestStudies:
    def test_without_options_it_is_the_default_preset(self):
        study = only()
        assert (study.model, study.dataset, study.preset) == ("mlp-300-100", "mnist1d", "default")
        assert (study.recipe, study.methods, study.device) == (PRESETS["default"].recipe, ("imp", "omp"), "cpu")

    @pytest.mark.parametrize("name", PRESETS)
    def test_a_preset_as_it_stands(self, name):
        study = only(preset=name)
        assert (study.model, study.recipe, study.preset) == (PRESETS[name].model, PRESETS[name].recipe, name)

    def test_options_change_a_preset(self):
        study = only(preset="tiny", lr="0.1,0.3", sparsity="0.5", seeds="1", epochs="2", method="omp")
        assert study.recipe == PRESETS["tiny"].recipe.but(
            {"lrs": (0.1, 0.3), "sparsities": (0.5,), "seeds": 1, "epochs": 2}
        )
        assert (study.methods, study.preset, study.model) == (("omp",), None, "mlp-64-32")

    def test_one_line_says_what_is_asked(self):
        assert only(preset="tiny", seeds="1", epochs="1").summary.endswith("; 1 seed, 1 epoch; recipe mnist1d")
        assert only(preset="tiny", seeds="2", steps="30").summary.endswith("; 2 seeds, 30 steps; recipe mnist1d")

    @pytest.mark.parametrize("texts", [{"model": "mlp-20"}, {"dataset": "mnist"}])
    def test_a_network_or_data_of_ones_own_is_trained_by_ma2021(self, texts):
        study = only(**texts)
        assert study.recipe == recipe("ma2021")
        assert study.preset is None

    def test_but_with_a_preset_by_that_of_the_preset(self):
        study = only(preset="tiny", model="mlp-20")
        assert (study.model, study.recipe, study.preset) == ("mlp-20", PRESETS["tiny"].recipe, None)

    def test_a_recipe_is_heeded_with_and_without_a_preset(self):
        assert only(recipe="ma2021").recipe == recipe("ma2021")
        assert only(recipe="mnist1d", model="mlp-20", epochs="3").recipe == recipe("mnist1d").but({"epochs": 3})
        study = only(preset="tiny", recipe="ma2021")
        assert (study.model, study.recipe, study.preset) == ("mlp-64-32", recipe("ma2021"), None)

    def test_every_network_on_every_data_set(self):
        made = asked(model="mlp-20,mlp-30", dataset="mnist,mnist1d")
        assert [study.name for study in made] == [
            "mlp-20 on mnist",
            "mlp-20 on mnist1d",
            "mlp-30 on mnist",
            "mlp-30 on mnist1d",
        ]

    def test_what_it_may_grow_by(self):
        study = only(preset="tiny", **{"extend-lr": "2", "until-decided": "5", "rule": "confident"})
        assert (study.extend_lr, study.until_decided, study.preset) == (2, 5, None)
        assert (study.terms.looks, study.terms.most_lrs) == ((2, 3, 5), len(study.recipe.lrs) + 2)

    @pytest.mark.parametrize("name", ["store", "report-dir", "data-dir", "expect"])
    def test_where_things_lie_does_not_change_the_study(self, name):
        assert studies({name: "anywhere"}) == studies({})


class TestRefusals:
    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            ({"model": "mlp300"}, "model='mlp300' is not known; did you mean mlp-300-100"),
            ({"model": "resnet21"}, "model='resnet21' is not known; did you mean resnet"),
            ({"dataset": "minst1d"}, "dataset='minst1d' is not known; did you mean mnist1d"),
            ({"method": "impp"}, "method='impp' is not known; did you mean imp"),
            ({"preset": "tinny"}, "preset='tinny' is not known; did you mean tiny"),
            ({"recipe": "ma2020"}, "recipe='ma2020' is not known; did you mean ma2021"),
        ],
    )
    def test_an_unknown_name_is_told_with_the_nearest(self, texts, message):
        with pytest.raises(ValueError, match=message):
            asked(**texts)

    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            ({"lr": "0.1,0.10"}, r"lr=0\.1 is given twice; name each value once"),
            ({"sparsity": "0.5,.5"}, r"sparsity=0\.5 is given twice"),
            ({"model": "mlp-20,mlp-20"}, "model='mlp-20,mlp-20' must name at least one model, and each once"),
            ({"dataset": "mnist,mnist"}, "dataset='mnist,mnist' must name at least one dataset, and each once"),
            ({"method": "imp,imp"}, "method='imp,imp' must name each of its methods once"),
        ],
    )
    def test_duplicates(self, texts, message):
        with pytest.raises(ValueError, match=message):
            asked(**texts)

    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            ({"lr": ""}, r"lr must name at least one value, e\.g\. 0\.1"),
            ({"lr": ","}, "lr must name at least one value"),
            ({"sparsity": ""}, "sparsity must name at least one value"),
            ({"model": ""}, "must name at least one model, and each once"),
            ({"dataset": ""}, "must name at least one dataset, and each once"),
            ({"method": ""}, "must name each of its methods once"),
        ],
    )
    def test_empty_lists(self, texts, message):
        with pytest.raises(ValueError, match=message):
            asked(**texts)

    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            ({"lr": "-0.1"}, r"lr=-0\.1 must be a finite number above 0"),
            ({"lr": "0.1,nan"}, "lr=nan must be a finite number above 0"),
            ({"lr": "1e999"}, "lr=inf must be a finite number above 0"),
            ({"seeds": "0"}, "seeds=0 must be at least 1"),
            ({"seeds": "-2"}, "seeds=-2 must be at least 1"),
            ({"epochs": "0"}, "epochs=0 must be at least 1"),
            ({"sparsity": "90"}, r"sparsity=90 must be in \(0, 1\); write 0\.9 for 90 %"),
            ({"sparsity": "0"}, r"sparsity=0 must be in \(0, 1\)"),
        ],
    )
    def test_numbers_out_of_range(self, texts, message):
        with pytest.raises(ValueError, match=message):
            asked(**texts)

    def test_two_files_of_one_name(self):
        with pytest.raises(ValueError, match="must differ in the letters, a to z, and digits of their names"):
            studies({"dataset": ("a/mine.npz", "b/mine.npz")})


class TestExpectedByPreset:
    @pytest.mark.parametrize("name", PRESETS)
    def test_a_preset_as_it_stands_has_its_own(self, name):
        assert expected_by_preset({"preset": name}) is PRESETS[name]

    def test_without_options_it_is_that_of_the_default(self):
        assert expected_by_preset({}) is PRESETS["default"]

    @pytest.mark.parametrize(
        "texts",
        [
            {"model": "mlp-20"},
            {"dataset": "mnist"},
            {"lr": "0.1"},
            {"sparsity": "0.5"},
            {"method": "imp"},
            {"seeds": "1"},
            {"epochs": "1"},
            {"recipe": "ma2021"},
            {"device": "cuda"},
            {"reading": "literal"},
            {"delta": "1"},
            {"gamma": "1"},
            {"assume-adequate": True},
        ],
        ids=lambda texts: next(iter(texts)),
    )
    def test_it_is_void_once_an_option_departs(self, texts):
        assert expected_by_preset(parsed({"preset": "tiny"} | texts)) is None

    @pytest.mark.parametrize("name", ["store", "report-dir", "data-dir", "require"])
    def test_other_options_leave_it(self, name):
        assert expected_by_preset({"preset": "tiny", name: "anything"}) is PRESETS["tiny"]

    def test_every_option_is_of_one_kind(self):
        assert {*CHANGES_STUDY, *CHANGES_VERDICT} <= {option.name for option in OPTIONS}
        assert not {*CHANGES_STUDY} & {*CHANGES_VERDICT}

    def test_an_unknown_preset_is_refused(self, monkeypatch):
        monkeypatch.setattr(presets, "PRESETS", {"mine": replace(PRESETS["tiny"], name="mine")})
        with pytest.raises(ValueError, match="preset='mien' is not known; did you mean mine"):
            expected_by_preset({"preset": "mien"})
