"""Where it fails."""


def fail():
    # coding on this line must not matter
    raise LookupError("in a package")
