"""CloudFormation's intrinsic functions, as far as a template alone answers them; the rest is refused by name.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SHORT", "IntrinsicError", "Intrinsics", "is_intrinsic", "target"]

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE = "AWS::NoValue"
# Functions whose long form has no `Fn::`.
SHORT = frozenset({"Ref", "Condition"})
VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


class IntrinsicError(ValueError):
    """Something in a template that only a deployed stack knows."""


class Intrinsics:
    """Resolves the values of one template: parameters by their defaults, resources by their logical ids.

    `parameters` rank above the defaults. A `Ref` to a resource gives its logical id: there is nothing that
    was deployed, and so no name that would be truer.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._template = template
        self._parameters = parameters
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda value: self._text(value[0]).join(map(self._text, self.resolve(value[1]))),
            "Fn::Select": lambda value: self.resolve(value[1])[int(self.resolve(value[0]))],
            "Fn::Split": lambda value: self._text(value[1]).split(value[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": lambda value: self.resolve(value[1] if self._holds(value[0]) else value[2]),
            "Fn::Equals": lambda value: self.resolve(value[0]) == self.resolve(value[1]),
            "Fn::Not": lambda value: not self.resolve(value[0]),
            "Fn::And": lambda value: all(self.resolve(each) for each in value),
            "Fn::Or": lambda value: any(self.resolve(each) for each in value),
            "Condition": self._holds,
        }

    def resolve(self, value: Any) -> Any:
        """Give a value without intrinsic functions. Raises `IntrinsicError`."""
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions:
                return self._call(name, argument)
            if name.startswith("Fn::"):
                raise IntrinsicError(f"{name} is not known before a stack is deployed")
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not None}

    def _call(self, name: str, argument: Any) -> Any:
        try:
            return self._functions[name](argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, IntrinsicError):
                raise
            raise IntrinsicError(f"{name} cannot be resolved: {argument!r}") from None

    def _text(self, value: Any) -> str:
        resolved = self.resolve(value)
        if isinstance(resolved, str | int | float):
            return str(resolved)
        raise IntrinsicError(f"{value!r} is no text")

    def _ref(self, name: str) -> Any:
        if name == NO_VALUE:
            return None
        if name in self._parameters:
            return self._parameters[name]
        if name in PSEUDO:
            return PSEUDO[name]
        parameters = self._template.get("Parameters", {})
        if name in parameters:
            if "Default" not in parameters[name]:
                raise IntrinsicError(f"the parameter {name} has no default; give it one with --parameter")
            return parameters[name]["Default"]
        if name in self._template.get("Resources", {}):
            return name
        raise IntrinsicError(f"nothing is named {name}")

    def _sub(self, value: Any) -> str:
        text, own = (value, {}) if isinstance(value, str) else value

        def replace(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return self._text(own[name])
            if "." in name:
                raise IntrinsicError(f"${{{name}}} is not known before a stack is deployed")
            return self._text({"Ref": name})

        return VARIABLE.sub(replace, text)

    def _find_in_map(self, value: Any) -> Any:
        name, first, second = (self._text(each) for each in value[:3])
        return self.resolve(self._template["Mappings"][name][first][second])

    def _holds(self, name: str) -> bool:
        return bool(self.resolve(self._template["Conditions"][name]))


def is_intrinsic(value: object) -> bool:
    """Whether a value of a template is a function that gives another."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (name,) = value
    return name in SHORT or str(name).startswith("Fn::")


def target(reference: Any) -> str:
    """Give the logical id that a reference to a resource names: `!Ref`, or `!GetAtt` of its ARN."""
    if not isinstance(reference, dict) or len(reference) != 1:
        return str(reference)
    ((kind, value),) = reference.items()
    if kind == "Fn::GetAtt":
        value = value[0] if isinstance(value, list) else str(value).partition(".")[0]
    return str(value)
