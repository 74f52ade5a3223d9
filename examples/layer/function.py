from greetings import greet  # from the layer


def handler(event, context):
    return greet(event["name"], event.get("language"))
