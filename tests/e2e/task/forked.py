"""A function that tells what its process is, and what it has had to import since it was forked."""

import os
import sys

import aioric

before = set()


@aioric.before_fork
def note():
    before.update(sys.modules)


async def imported(_event, _context):
    return sorted(sys.modules.keys() - before)


def imported_plain(event, _context):
    return sorted(sys.modules.keys() - before)


async def who(event, context):
    return {"turn": event["turn"], "id": context.aws_request_id, "parent": os.getppid()}
