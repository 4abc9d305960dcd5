"""Resources that are opened once per environment and closed at its end."""

import sqlite3

import aioric


@aioric.lifespan
def database():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE visits (name TEXT)")
    print("database opened")
    yield connection  # from here on it is `context.state`
    connection.close()
    print("database closed")


def handler(event, context):
    database = context.state
    database.execute("INSERT INTO visits VALUES (?)", [event.get("name", "world")])
    (visits,) = database.execute("SELECT count(*) FROM visits").fetchone()
    return {"visits": visits}
