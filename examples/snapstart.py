"""SnapStart: what must not be in a snapshot is put away before it and taken out after each restore."""

import uuid

import aioric

session = None


@aioric.before_snapshot
def forget():
    global session  # noqa: PLW0603 - one session for each copy of the environment
    session = None
    print("ready for the snapshot")


@aioric.after_restore
async def begin():
    global session  # noqa: PLW0603 - likewise
    session = str(uuid.uuid4())
    print("restored")


def handler(event, context):
    return {"session": session}
