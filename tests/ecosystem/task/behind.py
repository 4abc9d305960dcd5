"""FastAPI behind Mangum, and Powertools' models of the events, for what is in front of functions."""

import json

from aws_lambda_powertools.utilities.parser.models import (
    AlbModel,
    APIGatewayProxyEventModel,
    APIGatewayProxyEventV2Model,
    LambdaFunctionUrlModel,
)
from fastapi import FastAPI, Request, Response
from mangum import Mangum

app = FastAPI()


@app.api_route("/seen/{rest:path}", methods=["GET", "POST"])
async def seen(rest: str, request: Request):
    body = await request.body()
    return {
        "rest": rest,
        "query": request.query_params.multi_items(),
        "cookies": request.cookies,
        "agent": request.headers["user-agent"],
        "body": body.decode("latin-1"),
        "client": request.client.host,
    }


@app.get("/cookies")
def cookies(response: Response):
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return {"set": 2}


@app.get("/image")
def image():
    return Response(b"\x89PNG\xff", media_type="image/png")


web = Mangum(app, lifespan="off")


def model(event, context):
    """Say which of Powertools' models takes the event."""
    if "elb" in event["requestContext"]:
        kind = AlbModel
    elif event.get("version") == "2.0":
        is_url = event["requestContext"]["accountId"] == "anonymous"
        kind = LambdaFunctionUrlModel if is_url else APIGatewayProxyEventV2Model
    else:
        kind = APIGatewayProxyEventModel
    kind.model_validate(event)
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(kind.__name__),
    }
