"""The verdicts that are expected: by the preset, or by a file of the user's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lthcheck.expectation import VERDICTS, expectations
from lthcheck.options import studies
from lthcheck.preset import PRESETS

MLP_20, MLP_30 = "mlp-20 on mnist1d", "mlp-30 on mnist1d"
BOTH = studies({"model": ("mlp-20", "mlp-30"), "dataset": ("mnist1d",)})


@pytest.fixture
def expect(tmp_path):
    """Expectations of BOTH by a file with this text."""

    def read(text, asked=BOTH):
        path = tmp_path / "expected.toml"
        path.write_text(text)
        return expectations({"expect": str(path)}, asked)

    return read


def entry(study=MLP_20, verdict="jackpot", reason="seen before", **more):
    """One table of the file."""
    lines = {"study": study, "verdict": verdict, "reason": reason} | more
    return "\n".join(["[[expect]]", *(f'{name} = "{value}"' for name, value in lines.items()), ""])


class TestPreset:
    @pytest.fixture(autouse=True)
    def recorded(self, monkeypatch):
        """A verdict on record for imp under tiny."""
        tiny = replace(PRESETS["tiny"], expected={"imp": "secondary"}, measured="20 seeds")
        monkeypatch.setitem(PRESETS, "tiny", tiny)

    def test_its_own_verdict_and_what_earned_it(self):
        chosen = {"preset": "tiny"}
        assert expectations(chosen, studies(chosen)) == {("mlp-64-32 on mnist1d", "imp"): ("secondary", "20 seeds")}

    @pytest.mark.parametrize("departs", [{"seeds": 3}, {"lr": (0.1,)}, {"delta": 0.01}, {"assume-adequate": True}])
    def test_void_once_an_option_departs(self, departs):
        chosen = {"preset": "tiny"} | departs
        assert expectations(chosen, studies(chosen)) == {}

    def test_a_file_comes_before_it(self, tmp_path):
        path = tmp_path / "expected.toml"
        path.write_text(entry("mlp-64-32 on mnist1d", "none", "mine", method="omp"))
        chosen = {"preset": "tiny", "expect": str(path)}
        assert expectations(chosen, studies(chosen)) == {("mlp-64-32 on mnist1d", "omp"): ("none", "mine")}

    def test_every_verdict_on_record_is_one_and_says_what_earned_it(self):
        for preset in PRESETS.values():
            assert set(preset.expected) <= set(preset.methods)
            assert set(preset.expected.values()) <= set(VERDICTS)
            assert preset.measured or not preset.expected


class TestFile:
    def test_of_every_method(self, expect):
        assert expect(entry()) == {
            (MLP_20, "imp"): ("jackpot", "seen before"),
            (MLP_20, "omp"): ("jackpot", "seen before"),
        }

    def test_of_one_method(self, expect):
        assert expect(entry(method="omp")) == {(MLP_20, "omp"): ("jackpot", "seen before")}

    def test_of_several_studies(self, expect):
        found = expect(entry(method="imp") + entry(MLP_30, "none", "too small", method="omp"))
        assert found == {(MLP_20, "imp"): ("jackpot", "seen before"), (MLP_30, "omp"): ("none", "too small")}

    def test_a_method_may_differ_from_the_others(self, expect):
        found = expect(entry(verdict="none") + entry(verdict="jackpot", method="omp"))
        assert {method: verdict for (_, method), (verdict, _) in found.items()} == {"imp": "none", "omp": "jackpot"}

    @pytest.mark.parametrize("verdict", VERDICTS)
    def test_every_verdict_may_be_expected(self, expect, verdict):
        assert expect(entry(verdict=verdict))[MLP_20, "imp"][0] == verdict


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", r"expect=.*expected\.toml': the file must hold at least one table \[\[expect\]\]"),
            ("expect = 3", r"must hold at least one table \[\[expect\]\] with study, verdict and reason"),
            ("expect = [1]", "must hold at least one table"),
            ("expect = []", "must hold at least one table"),
            ("[expect]\nstudy = 'a'", "must hold at least one table"),
            ("[[expect", r"expect=.*expected\.toml' must be a TOML file that can be read \("),
            ('[[expect]]\nstudy = "a"\nverdict = "none"', "must have study, verdict and reason, as strings"),
            (entry() + '[[expect]]\nverdict = "none"', "must have study, verdict and reason, as strings"),
            ('[[expect]]\nstudy = "a"\nverdict = 1\nreason = "b"', "must have study, verdict and reason, as strings"),
            (entry(verdict="jackpott"), "verdict='jackpott' is not known; did you mean jackpot"),
            (entry(study="mlp-20 on mnist"), "study='mlp-20 on mnist' is not known; did you mean mlp-20 on mnist1d"),
            (entry(method="impp"), "method='impp' is not known; did you mean imp"),
        ],
    )
    def test_a_file_that_says_nothing_sound(self, expect, text, message):
        with pytest.raises(ValueError, match=message):
            expect(text)

    def test_an_expectation_of_a_method_that_is_not_asked_for(self, expect):
        only_omp = studies({"model": ("mlp-20",), "method": ("omp",)})
        with pytest.raises(ValueError, match=r"method='imp' is not known; .*Known: omp"):
            expect(entry(method="imp"), only_omp)

    def test_a_key_that_means_nothing(self, expect):
        with pytest.raises(ValueError, match="metod"):
            expect(entry(metod="imp"))

    def test_two_verdicts_of_one_study(self, expect):
        with pytest.raises(ValueError, match="twice"):
            expect(entry(verdict="none") + entry(verdict="jackpot"))

    def test_no_file(self, tmp_path):
        with pytest.raises(ValueError, match=r"expect=.*absent\.toml' must be a TOML file that can be read"):
            expectations({"expect": str(tmp_path / "absent.toml")}, BOTH)

    def test_a_folder(self, tmp_path):
        with pytest.raises(ValueError, match="must be a TOML file that can be read"):
            expectations({"expect": str(tmp_path)}, BOTH)

    def test_bytes_that_are_no_text(self, tmp_path):
        path = tmp_path / "expected.toml"
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(ValueError, match="must be a TOML file that can be read"):
            expectations({"expect": str(path)}, BOTH)
