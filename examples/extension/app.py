"""A function beside an extension: `aioric dev app.handler --extensions extensions`, here in this folder."""


def handler(event, context):
    print("greeting", event.get("name"))
    return {"hello": event.get("name")}
