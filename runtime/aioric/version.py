"""The version of aioric, in the one place that packaging and the user agent read it from."""

__version__ = "0.1.0"
