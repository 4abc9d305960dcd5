"""Push style: for libraries that want something to write to."""

import asyncio
import csv
import io

import aioric


async def handler(event, context):
    async with aioric.open_stream(content_type="text/csv") as out:
        line = io.StringIO()
        writer = csv.writer(line)
        for number in range(event.get("rows", 3)):
            writer.writerow([number, number**2])
            await out.write(line.getvalue())
            line.seek(line.truncate(0))
            await asyncio.sleep(0.01)
    print("the caller has everything; this still runs before the next event")
