"""What can go wrong while training, other than the protocol."""

import os


class TrainerError(RuntimeError):
    """A trainer failed; what was finished is in the store. The message is one line."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; the message says what is kept and how to go on."""


class Refused(ValueError):
    """What a trainer was given is no good; the message says it in one line."""


INSIDE_A_TRAINER = "LTHCHECK_TRAINER"
"""A variable in a trainer's environment, and in that of all processes that it starts."""


def refuse_inside_a_trainer() -> None:
    """A study that starts in a trainer would start trainers without end.

    Raises:
        Refused: in a trainer.
    """
    if INSIDE_A_TRAINER in os.environ:
        rule = "must not begin while a trainer imports the file that it stands in"
        raise Refused(f"a study {rule}; write it under: if __name__ == '__main__'")
