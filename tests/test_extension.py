"""The user's own file is imported as a script would be, once, or refused in one line."""

from __future__ import annotations

import sys

import pytest

from lthcheck.extension import load


@pytest.fixture(autouse=True)
def _imports(monkeypatch, tmp_path):
    """Leaves modules and their places as they were; the current folder is empty."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def refusal(name):
    with pytest.raises(ValueError, match="must be a Python file or module that can be imported") as refused:
        load(name)
    assert str(refused.value).startswith(f"import={name!r} ")
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_file_finds_its_neighbours(tmp_path):
    written(tmp_path / "there" / "neighbour_of_mine.py", "SIZE = 5")
    load(written(tmp_path / "there" / "mine_of_test.py", "from neighbour_of_mine import SIZE"))
    assert sys.modules["mine_of_test"].SIZE == 5


def test_a_file_is_imported_once(tmp_path):
    path = written(tmp_path / "counted_of_test.py", "import sys\nsys.modules['_'] = None\nMARK = object()")
    load(path)
    first = sys.modules["counted_of_test"].MARK
    load(path)
    assert sys.modules["counted_of_test"].MARK is first


def test_another_file_of_the_same_name_takes_its_place(tmp_path):
    for n in (1, 2):
        load(written(tmp_path / f"f{n}" / "same_of_test.py", f"N = {n}"))
        assert n == sys.modules["same_of_test"].N


def test_a_module_is_found_in_the_current_folder(tmp_path):
    written(tmp_path / "here" / "package_of_test" / "__init__.py", "")
    written(tmp_path / "here" / "package_of_test" / "mine.py", "SIZE = 5")
    load("package_of_test.mine")
    assert sys.modules["package_of_test.mine"].SIZE == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def", "SyntaxError: invalid syntax"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise RuntimeError('two\\nlines')", "(RuntimeError: two lines); mend it"),
        ("import sys; sys.exit(0)", "(SystemExit: 0); mend it"),
    ],
)
def test_a_file_that_fails_is_told_and_not_left_behind(tmp_path, text, told):
    assert told in refusal(written(tmp_path / "failing_of_test.py", text))
    assert "failing_of_test" not in sys.modules


@pytest.mark.parametrize("name", ["nowhere.py", "nowhere", "", "."])
def test_what_is_not_there_is_told(name):
    refusal(name)


def test_a_file_may_not_hide_a_module_of_python(tmp_path):
    before = sys.modules["json"]
    assert "rename the file" in refusal(written(tmp_path / "json.py", ""))
    assert sys.modules["json"] is before


def test_what_a_file_prints_does_not_stand_among_results(tmp_path, capsys):
    load(written(tmp_path / "printing_of_test.py", "print('hello')"))
    assert tuple(capsys.readouterr()) == ("", "hello\n")
