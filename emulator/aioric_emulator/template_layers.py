"""The layers of a template's functions: those that the template itself has, in a folder or zip file.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-layerversion.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.intrinsics import target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["TemplateLayers"]

# Where each kind of layer names what is in it.
CONTENT = {"AWS::Serverless::LayerVersion": "ContentUri", "AWS::Lambda::LayerVersion": "Content"}
# What a layer that was built has, in one of which Python looks.
BUILT = ("python", "bin", "lib", "extensions")


class TemplateLayers:
    """Finds layers, and notes which of them functions are served without, and what to do."""

    def __init__(self, template: Mapping[str, Any], resolve: Callable[[str, Any], Any], folder: Path) -> None:
        self._resources = template["Resources"]
        self._resolve = resolve
        self._folder = folder
        self.notes: list[str] = []

    def find(self, name: str, references: Sequence[Any]) -> list[str]:
        """Give the places of a function's layers, the lowest first. Raises `DeclarationError`."""
        found: list[str] = []
        for text in self._resolve_all(name, references):
            place, reason = self._look(text)
            if place:
                found.append(place)
            else:
                self.notes.append(f"{name}: served without the layer {text}: {reason}")
        return found

    def _resolve_all(self, name: str, references: Sequence[Any]) -> Iterator[str]:
        """Give references as text, also those that a condition or a parameter gives several of, or none."""
        for reference in references:
            try:
                resolved = self._resolve(name, reference)
            except DeclarationError:
                resolved = target(reference)
            for each in resolved if isinstance(resolved, list) else str(resolved or "").split(","):
                if each and str(each).strip():  # AWS::NoValue is nothing
                    yield str(each).strip()

    def _look(self, text: str) -> tuple[str, str]:
        """Give the place of a layer, or why there is none and what to do. Raises `DeclarationError`."""
        resource = self._resources.get(text)
        if not isinstance(resource, dict) or resource.get("Type") not in CONTENT:
            return "", (
                "it is not of this template; download it (aws lambda get-layer-version-by-arn), and declare "
                "an AWS::Serverless::LayerVersion whose ContentUri is its folder or zip file"
            )
        kind = resource["Type"]
        content = self._resolve(text, (resource.get("Properties") or {}).get(CONTENT[kind]))
        if not isinstance(content, str) or content.startswith("s3://"):
            return "", f"its {CONTENT[kind]} is not a folder or zip file here"
        method = (resource.get("Metadata") or {}).get("BuildMethod")
        if method and not is_built(self._folder / content, str(method)):
            return "", (
                f"it is built ({method}), and these are its sources; run sam build, "
                "and serve .aws-sam/build/template.yaml"
            )
        return content, ""


def is_built(folder: Path, method: str) -> bool:
    """Whether a layer that SAM builds has been: a built one has Lambda's folders, and no makefile."""
    if not folder.is_dir():
        return True  # a zip file; or what is not there, which is told by who opens it
    if method == "makefile" and (folder / "Makefile").exists():
        return False
    return any((folder / place).is_dir() for place in BUILT)
