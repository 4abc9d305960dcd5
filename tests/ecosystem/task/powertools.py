"""Powertools: logger, tracer, metrics, event handler, batch and idempotency in one function."""

import json

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer

logger = Logger(service="shop")
tracer = Tracer(service="shop")
metrics = Metrics(namespace="Shop", service="shop")
app = APIGatewayHttpResolver()
processor = BatchProcessor(event_type=EventType.SQS)


class LocalStore(BasePersistenceLayer):
    """Records in memory."""

    def __init__(self):
        super().__init__()
        self.records = {}

    def _get_record(self, idempotency_key):
        if idempotency_key not in self.records:
            raise IdempotencyItemNotFoundError
        return self.records[idempotency_key]

    def _put_record(self, data_record):
        if data_record.idempotency_key in self.records:
            raise IdempotencyItemAlreadyExistsError(old_data_record=self.records[data_record.idempotency_key])
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record):
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record):
        self.records.pop(data_record.idempotency_key, None)


store = LocalStore()


@idempotent_function(data_keyword_argument="order", persistence_store=store, config=IdempotencyConfig())
def pay(order):
    logger.info("paid once", extra={"order": order["id"]})
    return {"paid": order["id"]}


@app.get("/hello/<name>")
@tracer.capture_method
def hello(name):
    logger.info("hello", extra={"name_given": name})
    metrics.add_metric(name="Hellos", unit=MetricUnit.Count, value=1)
    return {"message": f"hello {name} ✓"}


@app.get("/fail")
def fail():
    raise ValueError("fails é")


def keep(record):
    logger.info({"record": record.message_id})
    if record.json_body.get("bad"):
        raise ValueError("bad record")


@logger.inject_lambda_context(log_event=True, clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    if "Records" in event:
        return process_partial_response(
            event=event, record_handler=keep, processor=processor, context=context
        )
    if "order" in event:
        return pay(order=event["order"])
    return app.resolve(event, context)
