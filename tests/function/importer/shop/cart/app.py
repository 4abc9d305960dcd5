# mypy: ignore-errors
def handle(event, context):
    return "cart"
