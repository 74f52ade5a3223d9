GREETINGS = {"en": "Hello", "fr": "Bonjour", "sw": "Jambo"}


def greet(name, language):
    return f"{GREETINGS.get(language, GREETINGS['en'])}, {name}!"
