"""What people run behind the Lambda web adapter today: FastAPI and uvicorn."""

import sys

import streams
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/")
async def stream(size: int, count: int):
    """Stream the pieces."""
    return StreamingResponse(streams.served(size, count), media_type="application/octet-stream")


if __name__ == "__main__":
    # Its fastest settings: uvloop and httptools are installed, and it logs no requests.
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
