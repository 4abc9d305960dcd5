"""NumPy and pandas, and what JSON makes of their numbers."""

import numpy as np
import pandas as pd


def handler(event, context):
    frame = pd.DataFrame({"a": np.arange(5), "b": np.linspace(0, 1, 5)})
    if event.get("raw"):
        return {"value": frame["a"].sum()}
    if event.get("float64"):
        return {"value": frame["b"].mean()}
    return frame.sum().to_dict()
