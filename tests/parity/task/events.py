"""Handlers that tell what event they were given."""


def show(event, context):
    return f"{type(event).__name__}: {ascii(event)[:20_000]}"


class CASES:
    """Every case of this table is shown."""

    def __class_getitem__(cls, name):
        return show
