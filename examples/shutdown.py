"""A hook that is called when the environment ends, which the platform announces to whoever asks for it."""

import aioric

pending = []


@aioric.on_shutdown
def save():
    print(f"saved {len(pending)} records")


def handler(event, context):
    pending.append(event)
    return {"pending": len(pending)}
