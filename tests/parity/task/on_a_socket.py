"""Logs on Managed Instances, where the log leaves by the platform's socket."""

import logging
import os
import stat

logger = logging.getLogger("orders")


def handler(event, context):
    logger.warning("a warning about %s", event["what"])
    logger.warning("written to a socket: %s", stat.S_ISSOCK(os.fstat(1).st_mode))
    logger.error({"as": "a dict", "n": 1})
    logger.info("too quiet to be seen")
    logger.critical("with more", extra={"order": 7})
    try:
        raise LookupError("gone")
    except LookupError:
        logger.exception("caught")
    if event.get("fail"):
        raise KeyError("uncaught")
    return "done"
