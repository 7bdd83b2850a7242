"""What can go wrong while training, other than the protocol."""


class TrainerError(RuntimeError):
    """A trainer failed; what was finished is in the store. The message is one line."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; the message says what is kept and how to go on."""
