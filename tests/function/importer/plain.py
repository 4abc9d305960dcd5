# mypy: ignore-errors
"""An ordinary module of handlers, and of things that are none."""


def handle(event, context):
    return event


class Service:
    def __call__(self, event, context):
        return event

    @staticmethod
    def handle(event, context):
        return event

    class Inner:
        @classmethod
        def handle(cls, event, context):
            return event


service = Service()
number = 1
mapping = {}
