"""OpenTelemetry's Lambda instrumentation, with the X-Ray propagator."""

from opentelemetry import trace
from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult


class Printed(SpanExporter):
    def export(self, spans):
        for span in spans:
            parent = f"{span.parent.span_id:016x}" if span.parent else None
            print(
                "SPAN",
                span.name,
                span.kind.name,
                span.status.status_code.name,
                parent,
                sorted((k, v) for k, v in span.attributes.items()),
                [event.name for event in span.events],
            )
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Printed()))
trace.set_tracer_provider(provider)


def handler(event, context):
    if event.get("fail"):
        raise ValueError("traced")
    return {"recording": trace.get_current_span().is_recording()}


AwsLambdaInstrumentor().instrument()
