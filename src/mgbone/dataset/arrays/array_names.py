"""Tell which column of an expression table is which array, however console, repository and R write names.

One scan goes by many names: ``cel/Mg0.01-1_(Clariom_S_Rat).CEL`` in a folder,
``Mg0.01-1_(Clariom_S_Rat).sst-rma-gene-full.chp Signal`` in an export of the console,
``GSM1_Mg0.01-1.CEL.gz`` and ``GSM1`` in GEO, ``Mg0.01.1.CEL`` once R has read a table. Files and columns are
written in the same way before they are compared.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

# Only parts that are known to be added to names are cut: a dot may belong to a dose (Mg0.01) or a number.
_SIGNAL = r"\s+signal(?:\s+intensity)?(?:\s*\([^)]*\))?|\s*\(log2\)"

_ADDED = re.compile(
    rf"""(?ix)
    (?:
        {_SIGNAL}                     # the console's columns: "name.chp Signal", "name Signal (log2)"
      | \.(?:gz|cel|chp)
      | \.(?:sst-rma|gc-?rma|rma|iter-?plier|plier|mas5|dabg|quant-norm
            |(?:gene|exon|probeset|transcript)-(?:full|core|extended|default|main|all))(?:-[\w-]+)?
      | [_ ]?\((?:Clariom|[A-Z]{{2}}Gene|[A-Z]{{2}}Ex|[HMR]TA)[-_ ][^)]*\)  # the scanner's
    )$
    """
)

_MARKED = re.compile(rf"(?i)\S.*(?:{_SIGNAL})$")
_ACCESSION = re.compile(r"(gsm\d+)(?:[^0-9a-z].*)?$")


def is_signal(heading: str) -> bool:
    """Whether a heading says that its column holds the signal of something, as the console's do."""
    return _MARKED.match(heading) is not None


def plain_name(name: object) -> str:
    """Return the name of an array without folder, and without what scanner and software add to its end."""
    text = re.split(r"[/\\]", str(name).strip())[-1]
    while (cut := _ADDED.sub("", text)) != text and cut:
        text = cut
    return text


def array_key(name: object) -> str:
    """Return what names of the same array have in common: `plain_name`, upper and lower case alike."""
    return plain_name(name).casefold()


def matching_columns(
    arrays: Iterable[Sequence[object]], columns: Sequence[str], titles: Mapping[str, str] | None = None
) -> list[tuple[str, ...]]:
    """Return for each array the columns that may be it: one if all is well, several if that is not clear.

    They agree in the strictest way in which any does: letter by letter, under `plain_name` and `array_key`,
    by GEO's accession (GSM); only then by title in the repository (`titles`, by heading), and as R rewrites
    names. An array is called by its file, then its identifier; an earlier name counts before a later one.
    """
    own = {column: column for column in columns}
    strict = [(way, _by_way(way, own)) for way in (str, plain_name, array_key, _accession)]
    loose = [(array_key, _by_way(array_key, titles or {})), (_as_r_writes, _by_way(_as_r_writes, own))]

    def find(names: Sequence[object]) -> tuple[str, ...]:
        tries = ((held, way(str(name))) for ways in (strict, loose) for name in names for way, held in ways)
        return next((tuple(held[key]) for held, key in tries if key in held), ())

    return [find(names) for names in arrays]


def _by_way(write: Callable[[str], str | None], said: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the columns under what they are called in one way of writing names."""
    by_key: dict[str, list[str]] = {}
    for column, name in said.items():
        if key := write(name):
            by_key.setdefault(key, []).append(column)
    return by_key


def _accession(name: str) -> str | None:
    found = _ACCESSION.match(array_key(name))
    return found[1] if found else None


def _as_r_writes(name: str) -> str:
    """Write a name as `make.names` does, which turns all but letters and digits into dots."""
    text = re.sub(r"[^0-9a-z]", ".", array_key(name))
    return text if re.match(r"[a-z]|\.(?!\d)", text) else f"x{text}"
