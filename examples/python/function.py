import logging

logger = logging.getLogger()
logger.setLevel(logging.INFO)


def handler(event, context):
    numbers = event["numbers"]
    if not numbers:
        raise ValueError("numbers is empty")
    logger.info("%d numbers, %d ms left", len(numbers), context.get_remaining_time_in_millis())
    return {"mean": sum(numbers) / len(numbers)}
