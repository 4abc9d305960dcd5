def handler(event, context):
    return {"hello": event.get("name", "world"), "request_id": context.aws_request_id}
