# mypy: ignore-errors
class Till:
    @staticmethod
    def handle(event, context):
        return "till"
