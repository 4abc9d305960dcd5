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
# What a function's layer cannot be, unless it is among these.
OURS = ("AWS::Lambda::", "AWS::Serverless::Function", "AWS::Serverless::Api", "AWS::Serverless::HttpApi")
# What names a layer that only a deployed stack knows.
NAMED_ELSEWHERE = frozenset({"Fn::ImportValue", "Fn::Sub", "Fn::Transform"})
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
            place, reason = self._look(name, text)
            if place:
                found.append(place)
            else:
                self.notes.append(f"{name}: served without the layer {text}: {reason}")
        return found

    def _resolve_all(self, name: str, references: Sequence[Any]) -> Iterator[str]:
        """Give references as text, also those that a condition or a parameter gives several of, or none."""
        for reference in references:
            resolved = self._resolve_one(name, reference)
            if isinstance(resolved, str):
                resolved = resolved.split(",")
            for each in resolved if isinstance(resolved, list) else [resolved]:
                if each is None:  # AWS::NoValue
                    continue
                if not isinstance(each, str):
                    raise DeclarationError(
                        f"{name}: Layers: each is an ARN or a reference to a layer, not {each!r}"
                    )
                if each.strip():
                    yield each.strip()

    def _resolve_one(self, name: str, reference: Any) -> Any:
        try:
            return self._resolve(name, self._name_layers(name, reference))
        except DeclarationError:
            if not isinstance(reference, dict) or reference.keys().isdisjoint(NAMED_ELSEWHERE):
                raise
            return target(reference)

    def _name_layers(self, name: str, reference: Any) -> Any:
        """Give a reference in which layers that are named by their ARN are named as by `Ref`."""
        if isinstance(reference, list):
            return [self._name_layers(name, each) for each in reference]
        if not isinstance(reference, dict):
            return reference
        if reference.keys() == {"Fn::GetAtt"}:
            if (named := target(reference)) not in self._resources:
                raise DeclarationError(f"{name}: Layers: nothing is named {named}")
            return named
        return {key: self._name_layers(name, value) for key, value in reference.items()}

    def _look(self, name: str, text: str) -> tuple[str, str]:
        """Give the place of a layer, or why there is none and what to do. Raises `DeclarationError`."""
        resource = self._resources.get(text)
        kind = str(resource.get("Type")) if isinstance(resource, dict) else ""
        if kind.startswith(OURS) and kind not in CONTENT:
            raise DeclarationError(f"{name}: Layers: {text} is an {kind}, and no layer")
        if not isinstance(resource, dict) or kind not in CONTENT:
            return "", (
                "it is not of this template; download it (aws lambda get-layer-version-by-arn), and declare "
                "an AWS::Serverless::LayerVersion whose ContentUri is its folder or zip file"
            )
        content = self._resolve(text, (resource.get("Properties") or {}).get(CONTENT[kind]))
        if isinstance(content, dict) or (isinstance(content, str) and content.startswith("s3://")):
            return "", f"its {CONTENT[kind]} is not a folder or zip file here"
        if not isinstance(content, str) or not content:
            raise DeclarationError(f"{text}: {CONTENT[kind]} is a folder or a zip file, not {content!r}")
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
