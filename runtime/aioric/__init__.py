"""An async, high-throughput Python runtime for AWS Lambda."""

from __future__ import annotations

from aioric.version import __version__

__all__ = ["__version__"]
