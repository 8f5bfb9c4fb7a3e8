"""Any gene, endpoint, statement or term looked up: in a notebook, on the command line, on a page."""

import sys
from types import ModuleType


class _Room(ModuleType):
    """The room, which shows its page when called: a name can't be that of a room and of a function."""

    def __call__(self, *arguments: object, **options: object) -> object:
        """Show the explorer; see `mgbone.explore.embedding.explore`."""
        from mgbone.explore.embedding import explore

        return explore(*arguments, **options)


sys.modules[__name__].__class__ = _Room
