"""What `Globals` of a SAM template say of a resource, below what it says itself.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
"""

from __future__ import annotations

from typing import Any

from aioric_emulator.intrinsics import is_intrinsic

__all__ = ["merge_properties"]


def merge_properties(common: Any, own: Any) -> Any:
    """Give a resource's properties above the common ones, as SAM does before it resolves anything.

    Mappings are merged, at every level; lists follow one another, the common one first; of everything else,
    intrinsic functions too, and of what differs in kind, the resource's own remains.
    """
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    if not is_mapping(common) or not is_mapping(own):
        return own
    both = {key: merge_properties(common[key], own[key]) for key in common.keys() & own.keys()}
    return {**common, **own, **both}


def is_mapping(value: object) -> bool:
    """Whether a value is a mapping, and not a function that gives another value."""
    return isinstance(value, dict) and not is_intrinsic(value)
