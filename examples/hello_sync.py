"""The smallest function: a plain `def`, served without an event loop."""


def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}, {context.get_remaining_time_in_millis()} ms left")
    return {"message": f"Hello, {name}!", "request_id": context.aws_request_id}
