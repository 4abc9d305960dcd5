"""A web app behind the adapter that most take."""

from __future__ import annotations

from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel


class Item(BaseModel):
    """What is sold."""

    name: str
    price: float
    tags: list[str] = []


app = FastAPI()


@app.get("/items/{number}")
def read_item(number: int) -> Item:
    """Tell of an item."""
    return Item(name=f"item {number}", price=1.5)


@app.post("/items")
def create_item(item: Item) -> Item:
    """Take an item in."""
    return item


handler = Mangum(app, lifespan="off")
