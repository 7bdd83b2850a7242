"""What all fuzz tests share: how much is tried, and junk that people and programs really write."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# the same examples in every run: a test here fails for a change, not by chance
FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# no slash, dot or tilde: a text may become the name of a folder, which must not lie elsewhere
TEXT = st.text(st.characters(exclude_characters="\0/\\.~", codec="utf-8"), max_size=12)
NUMBERS = [
    "0.1",
    "0.2",
    "1",
    "0",
    "-0",
    "-1",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "1e-999",
    "1e-320",
    "0x10",
    "１",
    "٣",
    "1_0",
]
NUMBERS += [
    "1e308",
    "0.999999999999",
    "90",
    "91.5%",
    "1,5",
    "",
    " ",
    "3.0",
    "+2",
    str(10**30),
    "9" * 5000,
    "true",
    "None",
]
JUNK = st.sampled_from(NUMBERS) | TEXT


# words of lthcheck's own; a ValueError without them is Python's, and was not foreseen
RULES = (
    "must",
    "is not known",
    "is given twice",
    "takes",
    "is empty",
    "no rows",
    "not CSV",
    "is not JSON",
    "leave T open",
)


def attempt(call, *arguments):
    """What a call gives, or None where it was refused as it should be: in one line that says a rule."""
    try:
        return call(*arguments)
    except ValueError as error:
        told = str(error)
    assert len(told.splitlines()) == 1, told
    assert any(rule in told for rule in RULES), told
    return None
