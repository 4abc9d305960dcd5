raise OSError("in __init__")
