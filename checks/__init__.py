"""The suite that a user runs: `pytest checks/`, or `pytest --pyargs lthcheck.suite` after an installation."""
