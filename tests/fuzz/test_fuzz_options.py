"""Any option texts are studies that can be asked, or are refused in one line; so are any expectations."""

from __future__ import annotations

import pytest
from fuzzing import FUZZ, JUNK, TEXT, attempt
from hypothesis import given
from hypothesis import strategies as st

from lthcheck.arms import Arms
from lthcheck.expectation import VERDICTS, expectations
from lthcheck.options import OPTIONS, parsed, studies

SOUND = {
    "model": ["mlp-8", "mlp-300-100,lenet5", "resnet20", "mlp-" + "9" * 5000, "resnet" + "9" * 5000],
    "dataset": ["mnist1d", "mnist,fashion_mnist", "a/b.npz", "x" * 300 + ".npz"],
    "lr": ["0.1,0.2", "1e-320,1e308"],
    "sparsity": ["0.5,0.9", "0.9999999999999999", "1e-12", "0.5,0.5000001"],
    "method": ["imp", "omp,imp"],
    "seeds": ["1", "1000"],
    "epochs": ["1", "1000000"],
    "recipe": ["ma2021"],
    "preset": ["tiny"],
    "device": ["cuda"],
    "delta": ["0.5", "49.999"],
}


@st.composite
def given_options(draw):
    """Option texts by name: sound ones, junk, and lists of both."""
    texts = {}
    for option in draw(st.lists(st.sampled_from(OPTIONS), unique=True, max_size=5)):
        sound = st.sampled_from(SOUND.get(option.name, ["x"]))
        junk = st.lists(JUNK | sound, max_size=3).map(",".join)
        flag = st.sampled_from((None, False, True, "False", "true", ""))
        texts[option.name] = draw(flag if option.parse is None else sound | junk)
    return texts


class Facts:
    """A small data set that is there."""

    name, fingerprint, shape, classes, train_size, test_size = "facts", "0" * 64, (1, 28, 28), 10, 200, 100


@FUZZ
@given(given_options())
def test_options_are_studies_or_refused(texts):
    chosen = attempt(parsed, texts)
    for study in (chosen and attempt(studies, chosen)) or ():
        assert len(study.summary.splitlines()) == 1
        attempt(Arms, study, Facts())


@pytest.mark.parametrize("text", ["False", "false", "0", "", "True"])
def test_a_flag_with_a_text_is_refused(text):
    with pytest.raises(ValueError, match=f"assume-adequate='{text}' takes no value; give the option alone"):
        parsed({"assume-adequate": text})


ASKED = studies({"model": ("mlp-8",), "dataset": ("mnist1d",)})
VALUES = st.one_of(
    st.sampled_from(('"mlp-8 on mnist1d"', '"imp"', '"reason"', *(f'"{verdict}"' for verdict in VERDICTS))),
    st.sampled_from(("1", "1e400", "nan", "true", "1979-05-27", "[]", "{}", '"""a\nb"""', "'", "9" * 5000)),
    TEXT,
)
KEYS = st.sampled_from(("study", "verdict", "reason", "method", "methods", "'a b'", ""))
LINES = st.sampled_from(("[[expect]]", "[expect]", "expect = []", "[[expect.expect]]", "# é")) | st.tuples(
    KEYS, VALUES
).map(" = ".join)


@FUZZ
@given(st.one_of(st.lists(LINES, max_size=8).map("\n".join).map(str.encode), st.binary(max_size=40)))
def test_an_expectation_is_read_or_refused(tmp_path, content):
    path = tmp_path / "expect.toml"
    path.write_bytes(content)
    found = attempt(expectations, {"expect": str(path)}, ASKED)
    assert found is None or set(found) <= {("mlp-8 on mnist1d", "imp"), ("mlp-8 on mnist1d", "omp")}
