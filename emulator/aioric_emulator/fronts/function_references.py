"""The functions of a template that other resources name by their ARN.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
says what `Ref` and `Fn::GetAtt` give of one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.intrinsics import is_intrinsic, target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FunctionReferences"]

FUNCTIONS = frozenset({"AWS::Serverless::Function", "AWS::Lambda::Function"})
# What stands for a function, which it names by itself.
STAND_INS = frozenset({"AWS::Lambda::Alias", "AWS::Lambda::Version"})
# What may have functions that are not here.
STACKS = frozenset({"AWS::CloudFormation::Stack", "AWS::Serverless::Application"})
PERMISSION = "AWS::Lambda::Permission"
VARIABLE = re.compile(r"\$\{([\w:.]+)\}")
ARN = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d+:function:([\w-]+)(?::[\w$-]+)?")


class FunctionReferences:
    """Finds functions. `served` are their names by logical id; `resolve` is the template's."""

    def __init__(
        self, template: Mapping[str, Any], served: Mapping[str, str], resolve: Callable[[str, Any], Any]
    ) -> None:
        self._resources: Mapping[str, Any] = template["Resources"]
        self._parameters: Mapping[str, Any] = template.get("Parameters") or {}
        self._served = served
        self._resolve = resolve

    @property
    def has_permissions(self) -> bool:
        """Whether the template itself says who may invoke functions."""
        return any(self._kind(name) == PERMISSION for name in self._resources)

    def find(self, place: str, reference: Any) -> tuple[str, str]:
        """Give the name of a function that is served, or why it is not.

        Raises `DeclarationError` for what is the ARN of no function.
        """
        named = self._find_resource(place, reference) if is_intrinsic(reference) else ""
        if named:
            return self._find_served(place, named)
        try:
            text = self._resolve(place, reference)
        except DeclarationError:
            return "", "only a deployed stack knows its function"
        found = ARN.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise DeclarationError(
                f"{place}: it is an ARN, such as !GetAtt of a function's Arn, not {text!r}"
            )
        name = found[1]
        return (name, "") if name in self._served.values() else ("", f"its function {text} is not served")

    def _find_resource(self, place: str, reference: Mapping[str, Any]) -> str:
        """Give the logical id in a reference; nothing where it is a parameter, or some other function."""
        ((kind, value),) = reference.items()
        if kind == "Fn::GetAtt":
            name, attribute = target(reference), value[1] if isinstance(value, list) else "Arn"
        elif kind == "Ref":
            # Of a function that is a name, but SAM has `!Ref F.Alias` and `!Ref F.Version`, which are ARNs.
            name, _, attribute = str(value).partition(".")
        elif kind == "Fn::Sub":
            # The last is the function: `arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${F}`.
            found = VARIABLE.findall(str(value))
            name, attribute = found[-1].partition(".")[0] if found else "", "Arn"
        else:
            return ""
        if not name or "::" in name or name in self._parameters:
            return ""
        if name not in self._resources:
            raise DeclarationError(f"{place}: nothing is named {name}")
        arns = {"Alias", "Version"} if kind == "Ref" else {"Arn"}
        if self._kind(name) in FUNCTIONS and attribute not in arns:
            raise DeclarationError(f"{place}: the ARN of {name} is !GetAtt {name}.Arn")
        return name

    def _find_served(self, place: str, name: str) -> tuple[str, str]:
        if self._kind(name) in STAND_INS:
            name = target((self._resources[name].get("Properties") or {}).get("FunctionName"))
        if name in self._served:
            return self._served[name], ""
        kind = self._kind(name)
        if kind.startswith("AWS::") and kind not in FUNCTIONS | STACKS:
            raise DeclarationError(f"{place}: {name} is an {kind}, and no function")
        return "", f"its function {name} is not served"

    def _kind(self, name: str) -> str:
        resource = self._resources.get(name)
        return str(resource.get("Type")) if isinstance(resource, dict) else ""
