"""A package in whose depths something fails."""

from .inner import fail
