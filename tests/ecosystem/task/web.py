"""FastAPI behind Mangum."""

from fastapi import FastAPI, HTTPException, Request
from mangum import Mangum

app = FastAPI()


@app.get("/items/{number}")
async def item(number: int, request: Request, q: str = "none"):
    context = request.scope["aws.context"]
    return {"number": number, "q": q, "id": context.aws_request_id, "é": "✓"}


@app.post("/teapot")
def teapot():
    raise HTTPException(418, "short and stout")


@app.get("/crash")
def crash():
    raise ValueError("in a route")


handler = Mangum(app, lifespan="auto")
