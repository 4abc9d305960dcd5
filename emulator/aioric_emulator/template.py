"""The Lambda functions of a SAM or CloudFormation template, and the fronts before them.

Needs PyYAML, which `aioric[emulator]` brings along; JSON templates are YAML too.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError, declare
from aioric_emulator.fronts.from_template import TemplateFronts
from aioric_emulator.intrinsics import SHORT, IntrinsicError, Intrinsics
from aioric_emulator.template_globals import merge_properties
from aioric_emulator.template_layers import TemplateLayers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.fronts.settings import FrontSettings

__all__ = ["Template", "read_template"]

SERVERLESS = "AWS::Serverless::Function"
KINDS = (SERVERLESS, "AWS::Lambda::Function")


@dataclass(slots=True)
class Template:
    """What a template gave: the functions that can be served here, their fronts, and why others cannot.

    `notes` are what is served otherwise than it would be deployed.
    """

    functions: list[FunctionConfiguration] = field(default_factory=list)
    fronts: list[FrontSettings] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_template(
    path: Path, parameters: Mapping[str, str], variables: Mapping[str, str] | None = None
) -> Template:
    """Read a template; its paths are relative to it.

    `parameters` rank above the defaults of the template's own. `variables` rank above each function's, and
    what they name need not be resolvable. Raises `DeclarationError`, or `OSError`.
    """
    content = load(path)
    resources = content.get("Resources") if isinstance(content, dict) else None
    if not isinstance(resources, dict):
        raise DeclarationError(f"{path}: no Resources, so no template")
    with in_shape(str(path)):
        reader = FunctionReader(content, parameters, variables or {}, path.parent)
        fronts = TemplateFronts(content, reader.resolve)
    template = Template()
    for name, resource in resources.items():
        if isinstance(resource, dict) and resource.get("Type") in KINDS:
            with in_shape(f"{path}: {name}"):
                reason = reader.unfit(resource)
                if reason:
                    template.left_out[name] = reason
                    continue
                function = reader.read(name, resource)
                template.functions.append(function)
                fronts.add(name, function.name, reader.properties(resource))
    if not template.functions:
        reasons = "".join(f"; {name}: {reason}" for name, reason in template.left_out.items())
        raise DeclarationError(f"{path}: no function to serve{reasons}")
    with in_shape(f"{path}: its APIs or load balancers"):
        template.fronts = fronts.give()
    template.notes += [*reader.layers.notes, *fronts.notes]
    return template


@contextmanager
def in_shape(place: str) -> Iterator[None]:
    """Raise `DeclarationError` for a list in a mapping's place, and the like: a template may be anything."""
    try:
        yield
    except DeclarationError:
        raise
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise DeclarationError(f"{place}: not of the shape that a template has: {error}") from None


def load(path: Path) -> Any:
    """Give a YAML file's content, with CloudFormation's short tags in their long form."""
    try:
        import yaml  # noqa: PLC0415 - only templates need it
    except ImportError:
        raise DeclarationError("templates need PyYAML: pip install 'aioric[emulator]'") from None

    class Loader(yaml.SafeLoader):
        """Knows CloudFormation's tags, and nothing else beyond plain data; a key is there once."""

        def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
            node = super().compose_mapping_node(anchor)
            keys = [
                key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"
            ]
            if twice := next((key for key in keys if keys.count(key) > 1), None):
                raise yaml.MarkedYAMLError(problem=f"{twice} is there twice", problem_mark=node.start_mark)
            return node

    def construct(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
        value: Any
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # the only kind left
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in SHORT else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", construct)
    try:
        return yaml.load(path.read_text("utf-8"), Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path}: {error}") from None


class FunctionReader:
    """Turns the function resources of one template into configurations."""

    def __init__(
        self,
        content: Mapping[str, Any],
        parameters: Mapping[str, str],
        variables: Mapping[str, str],
        folder: Path,
    ) -> None:
        self._intrinsics = Intrinsics(content, parameters)
        self.layers = TemplateLayers(content, self.resolve, folder)
        self._globals = (content.get("Globals") or {}).get("Function") or {}
        self._variables = variables
        self._folder = folder

    def unfit(self, resource: Mapping[str, Any]) -> str:
        """Give why a function cannot be served here, or nothing."""
        properties = self.properties(resource)
        if properties.get("PackageType") == "Image":
            return "an image"
        code = properties.get("CodeUri")
        is_stored = isinstance(code, dict) or (isinstance(code, str) and code.startswith("s3://"))
        if is_stored or properties.get("InlineCode") or isinstance(properties.get("Code"), dict):
            return "its code is not in a folder"
        runtime = str(properties.get("Runtime", ""))
        return (
            "" if runtime.startswith(("python", "provided")) else f"its runtime is {runtime or 'not given'}"
        )

    def read(self, name: str, resource: Mapping[str, Any]) -> FunctionConfiguration:
        """Give one function's configuration. Raises `DeclarationError`."""
        properties = self.properties(resource)
        variables = (properties.pop("Environment", None) or {}).get("Variables") or {}
        resolved = self.resolve(name, {key: properties[key] for key in READ if key in properties})
        settings: dict[str, Any] = {
            setting: resolved[key] for key, setting in PLAIN.items() if key in resolved
        }
        # A deployment hands text where the type is a number.
        for setting in ("timeout", "memory", "max_environments"):
            if isinstance(settings.get(setting), str) and settings[setting].isdecimal():
                settings[setting] = int(settings[setting])
        settings |= nested(resolved)
        if properties.get("Layers"):
            settings["layers"] = self.layers.find(name, listed(properties["Layers"]))
        settings["env"] = {
            key: self.resolve(f"{name}: Environment: {key}", value)
            for key, value in variables.items()
            if key not in self._variables
        } | dict(self._variables)
        return declare(str(resolved.get("FunctionName", name)), settings, self._folder)

    def properties(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Give a function's properties above the common ones."""
        properties = resource.get("Properties") or {}
        common = self._globals if resource["Type"] == SERVERLESS else {}
        return dict(merge_properties(common, properties))

    def resolve(self, place: str, value: Any) -> Any:
        """Give a value without intrinsic functions. Raises `DeclarationError` that names the place."""
        try:
            return self._intrinsics.resolve(value)
        except IntrinsicError as error:
            raise DeclarationError(f"{place}: {error}") from None
        except RecursionError:
            raise DeclarationError(f"{place}: something there refers to itself") from None


PLAIN = {
    "Handler": "handler",
    "Code": "task_root",
    "CodeUri": "task_root",
    "Timeout": "timeout",
    "MemorySize": "memory",
    "ReservedConcurrentExecutions": "max_environments",
}
READ = (
    *PLAIN,
    "FunctionName",
    "LoggingConfig",
    "SnapStart",
    "EventInvokeConfig",
    "CapacityProviderConfig",
)


def listed(value: Any) -> list[Any]:
    """Give a list as it is, nothing as an empty one, and anything else, which may become one, within one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def nested(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings that a template has one level down."""
    logging = properties.get("LoggingConfig") or {}
    settings = {
        setting: logging[key]
        for key, setting in (("LogFormat", "log_format"), ("ApplicationLogLevel", "log_level"))
        if key in logging
    }
    snapstart = properties.get("SnapStart") or {}
    if snapstart.get("ApplyOn") == "PublishedVersions":
        settings["snapstart"] = True
    invoke = properties.get("EventInvokeConfig") or {}
    events = {
        setting: invoke[key]
        for key, setting in (("MaximumRetryAttempts", "max_retries"), ("MaximumEventAgeInSeconds", "max_age"))
        if key in invoke
    }
    if events:
        settings["events"] = events
    managed = (properties.get("CapacityProviderConfig") or {}).get(
        "LambdaManagedInstancesCapacityProviderConfig"
    )
    if isinstance(managed, dict) and "PerExecutionEnvironmentMaxConcurrency" in managed:
        settings["concurrency"] = managed["PerExecutionEnvironmentMaxConcurrency"]
    return settings
