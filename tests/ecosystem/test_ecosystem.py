"""Real software, unmodified, gives the same answers and the same log lines on both runtimes."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.parity.outcomes import Outcome, joined, outcome_of
from tests.parity.recorder import Event, Recorder
from tests.parity.runtimes import DEF, OFFICIAL, ROOT, Setting, output_files, started, task_root

if TYPE_CHECKING:
    from collections.abc import Mapping

PYTHON = ROOT / ".cache" / "ecosystem" / "bin" / "python"
TASK = Path(__file__).parent / "task"
TRACE = {
    "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
}

# What differs from one run to the next, whatever runs it.
_PASSING = (
    (re.compile(r"\b1[78]\d{8}(\.\d+|\d{3}|\d{9})?\b"), "<epoch>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}[+-]\d{4}"), "<time>"),
    (re.compile(r'"(trace_id|span_id|parent_id|_dd\.p\.tid|runtime-id)": "[0-9a-fA-F-]+"'), r'"\1": "<id>"'),
    (re.compile(r'"(duration|process_id|_dd\.tracer_kr|system\.pid)": [0-9.]+'), r'"\1": <number>'),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"entrypoint\.(basedir|workdir|name|type):[\w.-]+"), "<entry point>"),
    (re.compile(r"\bport=\d+|127\.0\.0\.1:\d+"), "<port>"),
)

pytestmark = [
    pytest.mark.ecosystem,
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        not PYTHON.exists(), reason="no packages of functions: `make ecosystem` installs them"
    ),
]


class Software(NamedTuple):
    """A function that uses it, and the events that it gets."""

    handler: str
    events: tuple[object, ...]
    environment: Mapping[str, str] = {}


def http(path: str, method: str = "GET") -> dict[str, Any]:
    """An API Gateway event, version 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "q=a%20b",
        "headers": {"host": "example.com", "content-type": "application/json"},
        "queryStringParameters": {"q": "a b"},
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "t",
            },
            "stage": "$default",
            "requestId": "r",
        },
        "isBase64Encoded": False,
    }


BATCH = {
    "Records": [
        {"messageId": "m1", "body": '{"ok": 1}', "eventSource": "aws:sqs"},
        {"messageId": "m2", "body": '{"bad": 1}', "eventSource": "aws:sqs"},
    ]
}
POWERTOOLS = (
    http("/hello/ada"),
    http("/nowhere"),
    http("/fail"),
    BATCH,
    {"order": {"id": 1}},
    {"order": {"id": 1}},
)
JSON_LOGS = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
DATADOG = {
    "DD_TRACE_ENABLED": "true",
    "DD_FLUSH_TO_LOG": "true",
    "DD_SERVICE": "shop",
    "DD_API_KEY": "none",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_COLD_START_TRACING": "false",  # a span for each slow import: not the same twice
    "DD_LAMBDA_HANDLER": "dog.handler",
}

SOFTWARE = {
    "powertools": Software("powertools.handler", POWERTOOLS),
    "powertools, log as JSON": Software("powertools.handler", POWERTOOLS, JSON_LOGS),
    "powertools, untraced": Software("powertools.handler", POWERTOOLS, {"POWERTOOLS_TRACE_DISABLED": "true"}),
    "aws-xray-sdk": Software("xray.handler", ({"number": 1}, {"number": 2})),
    "opentelemetry": Software(
        "otel.handler",
        ({}, {"fail": 1}, http("/x")),
        {"_HANDLER": "otel.handler", "OTEL_PROPAGATORS": "xray-lambda"},
    ),
    "sentry-sdk": Software("sentry.handler", ({}, {"fail": 1}, [{"batch": 1}, {}], "text")),
    "sentry-sdk at import": Software("sentry_init.handler", ()),
    "datadog-lambda": Software("datadog_lambda.handler.handler", ({}, {"fail": 1}), DATADOG),
    "mangum and fastapi": Software(
        "web.handler", (http("/items/7"), http("/items/x"), http("/teapot", "POST"), http("/crash"))
    ),
    "boto3": Software("boto.handler", ({}, {})),
    "durable execution": Software("durable.handler", ({"input": '{"a": 1}'}, {"input": "{}"})),
    "durable execution, plain event": Software("durable_plain.handler", ({"a": 1},)),
    "numpy and pandas": Software("science.handler", ({}, {"raw": 1}, {"float64": 1})),
}


def run(kind: str, software: Software) -> Outcome:
    """Everything that the function answers and writes, in one runtime."""
    root = task_root(kind, TASK)
    events = [
        Event(f"id-{number}", json.dumps(event).encode(), TRACE)
        for number, event in enumerate(software.events)
    ]
    setting = Setting(
        "ecosystem",
        {"PYTHONHASHSEED": "0", **software.environment},
        handler=software.handler,
        python=str(PYTHON),
    )
    try:
        with (
            output_files() as outputs,
            Recorder(outputs, final=None) as recorder,
            started(kind, setting, root, recorder.address, outputs) as process,
        ):
            served = list(recorder.serve(process, events))
            errors = os.pread(outputs[1], 1 << 20, 0).decode()
    finally:
        shutil.rmtree(root.parent)
    ids = [None, *(event.request_id for event in events), None]
    outcome = joined([outcome_of(phase, name, root) for phase, name in zip(served, ids, strict=False)])
    assert len(served) > 1 or outcome.status is not None, errors
    return _steady(outcome.without_their_frames())


def _steady(outcome: Outcome) -> Outcome:
    def steady(text: str) -> str:
        for pattern, replacement in _PASSING:
            text = pattern.sub(replacement, text)
        return text

    posts = tuple(
        post._replace(body=steady(post.body.decode()).encode(), cause=steady(json.dumps(post.cause)))
        for post in outcome.posts
        # Ours asks to be told of the end when the function handles SIGTERM, as ddtrace does.
        if "/extension/" not in post.path
    )
    return outcome._replace(posts=posts, stdout=steady(outcome.stdout))


@pytest.mark.parametrize("name", SOFTWARE)
def test_it_runs_alike(name: str) -> None:
    """The same answers, errors and log lines, whichever runtime serves the function."""
    official, ours = (run(kind, SOFTWARE[name]) for kind in (OFFICIAL, DEF))

    assert ours.posts == official.posts
    assert ours.stdout == official.stdout
    assert ours.status == official.status


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("powertools", '"_aws":'),
        ("powertools", '"service":"shop"'),
        ("opentelemetry", "SPAN parity SERVER ERROR 9a9197af755a6419"),
        ("sentry-sdk", "SENTRY event [('ValueError', 'aws_lambda')]"),
        ("sentry-sdk at import", "SENTRY event [('RuntimeError', 'aws_lambda')]"),
        ("datadog-lambda", "shop.orders"),
    ],
)
def test_it_really_did_its_work(name: str, written: str) -> None:
    """The two do not agree by doing nothing."""
    assert written in run(DEF, SOFTWARE[name]).stdout


@pytest.mark.parametrize(
    ("name", "answered"),
    [
        ("powertools", b'"batchItemFailures": [{"itemIdentifier": "m2"}]'),
        ("aws-xray-sdk", b'["inner", "1-5bef4de7-ad49b0e87f6ef6c87fc2e700"'),
        ("mangum and fastapi", b'"statusCode": 418'),
        ("boto3", b"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"),
        ("durable execution", b'"steps": ["first", "second"]'),
        ("numpy and pandas", b'{"a": 10.0, "b": 2.5}'),
    ],
)
def test_its_answer_is_what_was_meant(name: str, answered: bytes) -> None:
    """Likewise for what is answered."""
    assert any(answered in post.body for post in run(DEF, SOFTWARE[name]).posts)
