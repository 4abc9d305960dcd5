import humanize


def handler(event, context):
    return {"size": humanize.naturalsize(event.get("bytes", 0)), "request_id": context.aws_request_id}


async def async_handler(event, context):
    return handler(event, context)
