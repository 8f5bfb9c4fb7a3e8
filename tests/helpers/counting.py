"""How much work something takes, as a number that is the same on every machine, however slow or busy."""

import cProfile
import pstats

MOST_CALLS = 20_000_000
"""Of a check of the worst of folders: some seconds of work, of which texts within texts take half."""


def counted(function, *arguments):
    """Call a function; return what it gives and how many calls of functions that took."""
    profile = cProfile.Profile()
    found = profile.runcall(function, *arguments)
    return found, pstats.Stats(profile).total_calls
