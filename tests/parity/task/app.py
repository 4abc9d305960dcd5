"""One handler for every case that is served by one process: the request id names table and case."""

import importlib

TABLES = ("results", "errors", "contexts", "records", "events", "ends")


def handler(event, context):
    table, _, name = context.aws_request_id.partition(".")
    return serve(table, name, event, context)


def serve(table, name, event, context):
    return importlib.import_module(table).CASES[name](event, context)
