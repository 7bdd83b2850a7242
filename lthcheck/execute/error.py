"""What can go wrong while training, other than the protocol."""


class TrainerError(RuntimeError):
    """A trainer failed; what was finished is in the store. The message holds the trainer's traceback."""
