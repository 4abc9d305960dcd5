"""The durable execution SDK, driven by its own local test runner inside the function."""

from aws_durable_execution_sdk_python import DurableContext, durable_execution, durable_step
from aws_durable_execution_sdk_python_testing.runner import DurableFunctionTestRunner


@durable_step
def add(step_context, a, b):
    return a + b


@durable_execution
def workflow(event, context: DurableContext):
    first = context.step(add(event["a"], 1), name="first")
    second = context.step(add(first, 10), name="second")
    return {"first": first, "second": second}


def handler(event, context):
    with DurableFunctionTestRunner(handler=workflow) as runner:
        result = runner.run(input=event["input"], timeout=20)
        return {
            "status": result.status.value,
            "result": result.result,
            "steps": [operation.name for operation in result.operations],
        }
