"""Load balancers that a template declares: target groups of functions, and the listeners that lead to them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElasticLoadBalancingV2.html
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.alb_actions import FixedResponse, Redirect, Target, Weighted
from aioric_emulator.fronts.alb_rules import FIELDS, Condition, Rule
from aioric_emulator.fronts.settings import AlbSettings
from aioric_emulator.intrinsics import target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aioric_emulator.fronts.alb_actions import Action
    from aioric_emulator.fronts.function_references import FunctionReferences

__all__ = ["LoadBalancers"]

SERVICE = "AWS::ElasticLoadBalancingV2"
MULTI_VALUE = "lambda.multi_value_headers.enabled"
REDIRECTS = {"HTTP_301": 301, "HTTP_302": 302}
# Where a condition has its values, besides `Values` itself.
CONFIGS = {
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "path-pattern": "PathPatternConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}


class LoadBalancers:
    """Those of one template, with its `functions`; `resolve` is the template's."""

    def __init__(
        self,
        resources: Mapping[str, Any],
        functions: FunctionReferences,
        resolve: Callable[[str, Any], Any],
    ) -> None:
        self._resources = resources
        self._functions = functions
        self._resolve = resolve
        self._groups = {name: group for name, group in self._read_groups() if group is not None}

    def give(self) -> list[AlbSettings]:
        """Give a front for each listener that leads to a function, and for each group without a listener.

        A listener may be another stack's: its rules here are enough. Raises `DeclarationError`.
        """
        listeners: dict[str, list[tuple[int, Rule]]] = {}
        for name, of in self._of_type("ListenerRule"):
            priority = self._number(name, of.get("Priority"))
            rule = Rule(self._action(name, of.get("Actions")), tuple(self._conditions(name, of)))
            listeners.setdefault(target(of.get("ListenerArn")), []).append((priority, rule))
        for numbered in listeners.values():
            numbered.sort(key=lambda each: each[0])
        for name, of in self._of_type("Listener"):
            last = Rule(self._action(name, of.get("DefaultActions")))
            listeners.setdefault(name, []).append((0, last))
        fronts, led_to = [], set()
        for name, ordered in listeners.items():
            rules = tuple(rule for _, rule in ordered)
            targets = [each for rule in rules for each in functions_of(rule.action)]
            led_to.update(targets)
            if targets:
                fronts.append(AlbSettings(targets[0].function, rules=rules, name=name))
        alone = (group for group in self._groups.values() if group not in led_to)
        return fronts + [
            AlbSettings(each.function, multi_value_headers=each.multi_value_headers) for each in alone
        ]

    def _of_type(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, resource in self._resources.items():
            if isinstance(resource, dict) and resource.get("Type") == f"{SERVICE}::{kind}":
                yield name, resource.get("Properties") or {}

    def _read_groups(self) -> Iterator[tuple[str, Target | None]]:
        for name, of in self._of_type("TargetGroup"):
            targets = of.get("Targets")
            if not targets or self._resolve(name, of.get("TargetType")) != "lambda":
                continue
            function, _ = self._functions.find(f"{name}: Targets", targets[0].get("Id"))
            if not function:
                continue
            attributes = self._resolve(name, of.get("TargetGroupAttributes") or [])
            lists = any(
                each.get("Key") == MULTI_VALUE and str(each.get("Value")).lower() == "true"
                for each in attributes
            )
            yield name, Target(function, lists)

    def _action(self, place: str, actions: Any) -> Action:
        # What comes before the last one signs people in, and nobody signs in here.
        last = (actions or [{}])[-1]
        kind = last.get("Type")
        if kind == "fixed-response":
            fixed = self._resolve(place, last.get("FixedResponseConfig") or {})
            return FixedResponse(
                self._number(place, fixed.get("StatusCode")),
                str(fixed.get("ContentType", "text/plain")),
                str(fixed.get("MessageBody", "")),
            )
        if kind == "redirect":
            return read_redirect(place, self._resolve(place, last.get("RedirectConfig") or {}))
        if kind != "forward":
            return None
        several = (last.get("ForwardConfig") or {}).get("TargetGroups") or [last]
        shares = [
            (group, self._number(place, each.get("Weight", 1)))
            for each in several
            if (group := self._groups.get(target(each.get("TargetGroupArn")))) is not None
        ]
        return shares[0][0] if len(shares) == 1 else Weighted(tuple(shares)) if shares else None

    def _conditions(self, place: str, of: Mapping[str, Any]) -> Iterator[Condition]:
        for declared in of.get("Conditions") or []:
            condition = self._resolve(place, declared)
            field = condition.get("Field")
            if field not in FIELDS:
                raise DeclarationError(f"{place}: a condition's Field is {', '.join(FIELDS)}, not {field}")
            config = condition.get(CONFIGS[field]) or {}
            values = [
                text(each) for each in [*(condition.get("Values") or []), *(config.get("Values") or [])]
            ]
            if not values:
                raise DeclarationError(
                    f"{place}: the condition {field} has no Values; no other kind is known"
                )
            if field == "source-ip":
                check_networks(place, values)
            yield Condition(field, tuple(values), str(config.get("HttpHeaderName", "")))

    def _number(self, place: str, value: Any) -> int:
        number = str(self._resolve(place, value))
        if not number.isdecimal():
            raise DeclarationError(f"{place}: {number} is no number")
        return int(number)


def functions_of(action: Action) -> list[Target]:
    """Give all that an action may lead to."""
    if isinstance(action, Weighted):
        return [each for each, _ in action.shares]
    return [action] if isinstance(action, Target) else []


def read_redirect(place: str, config: Mapping[str, Any]) -> Redirect:
    """Give a `RedirectConfig`. Raises `DeclarationError`."""
    status = config.get("StatusCode")
    if status not in REDIRECTS:
        raise DeclarationError(f"{place}: a redirect's StatusCode is {' or '.join(REDIRECTS)}, not {status}")
    parts = ("Protocol", "Host", "Port", "Path", "Query")
    return Redirect(
        REDIRECTS[status], **{each.lower(): str(config[each]) for each in parts if each in config}
    )


def text(value: Any) -> str:
    """Give a condition's value; a parameter of the query has a key, or is for any."""
    if not isinstance(value, dict):
        return str(value)
    return f"{value['Key']}={value.get('Value', '')}" if "Key" in value else str(value.get("Value", ""))


def check_networks(place: str, values: list[str]) -> None:
    """Raise `DeclarationError` for what is no network."""
    for value in values:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError as error:
            raise DeclarationError(f"{place}: source-ip: {error}") from None
