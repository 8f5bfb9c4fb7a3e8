"""Ask a function for what it says in a language."""

from mgbone.study.language import speaking


def speak(language, function, *arguments, **options):
    with speaking(language):
        return function(*arguments, **options)
