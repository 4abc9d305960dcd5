"""The official client takes files of this name for its own."""


def fail():
    raise ValueError("in bootstrap.py")
