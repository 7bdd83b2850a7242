"""Command-line booleans that are always true."""

from mutation import Failure, Mutation

FAILURE = Failure(
    11,
    __doc__,
    (
        Mutation(
            name="flag-bool-of-text",
            how="pytest's option takes a value and bool() of it: bool('False') is True",
            at="lthcheck.plugin:add_options",
            edit={
                'action="store_true", default=None': "type=bool, default=None",
            },
            study="flags",
            check="a flag takes no value",
        ),
        Mutation(
            name="flag-always-set",
            how="a flag that is not given counts as given",
            at="lthcheck.options:parsed",
            edit={
                "if text is None or text is False:": "if text is None and option.parse:",
            },
            study="flags",
            check="a flag that is not given is off",
        ),
    ),
)
