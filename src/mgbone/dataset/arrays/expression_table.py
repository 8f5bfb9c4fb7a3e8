"""Read expression that was normalised elsewhere, for those who have no CEL files.

Three kinds of table are told apart by their content: the tab-separated export of Thermo Fisher's
Transcriptome Analysis Console (TAC), a GEO series matrix, and a plain table with one row per gene and one
column per array.
"""

import csv
import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.dataset.arrays.array_names import is_signal, matching_columns, plain_name
from mgbone.dataset.arrays.files import UnreadableFile, decode, read_bytes
from mgbone.dataset.arrays.symbols import date_like, dates_among
from mgbone.dataset.faults import Note, cause, file_error, listing
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

LINEAR_ABOVE = 32.0
"""Largest value that a log2 intensity can reach; tables with larger ones are taken for linear."""

_CONDITION = re.compile(r"(?i)(?:\bavg|\baverage|standard deviation)$")
"""Ends of names of the console's values per group, as "Control Bi-weight Avg Signal (log2)"."""

# Whole words of headings that hold numbers but no array. With a number behind it such a word is the name of
# an array: STD-1 had the standard diet.
_STATISTIC = "avg|average|mean|median|std|sd|sem|se|cv|min|max|ratio|fc|fold change|p val|p|q val|q|fdr|stat"

_PLACE = (
    "entrez|id|ids|gi|start|stop|end|length|len|chromosome|chrom|chr|strand|position|pos|locus|band|exons?"
)

_TALLY = "counts?|scores?|rank|index|number|probes?|percent|gc|events?|bi weight|f test"

_NO_ARRAY = re.compile(
    rf"(?i)(?<![a-z0-9])(?:{_STATISTIC}|{_PLACE}|{_TALLY})(?![a-z0-9])(?! ?[a-z]?\d)"
    r"|entrez|fold ?change|p ?val|q ?val|log ?fc|ave ?expr|standard dev"
)

_LIMMA = {"t", "B", "F"}
"""Columns of limma's topTable whose names alone say nothing."""

_HEAD = 50
_SYMBOL = re.compile(r"(?i)^(gene[ _.]?symbols?|symbol|gene)$")
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*$")

_WORKBOOKS = {
    b"PK\x03\x04": N_("is an Excel workbook (or a zip archive), no text"),
    b"\xd0\xcf\x11\xe0": N_("is an old Excel workbook, no text"),
}


class MatrixError(MgboneError):
    """A table of expression values can't be read or understood."""


class MatrixWarning(UserWarning):
    """What was done with a table of expression values, or should be looked at."""


class LinearScaleWarning(MatrixWarning):
    """Values looked like intensities rather than logarithms, and log2 was taken."""


class TextFormWarning(MatrixWarning):
    """The text is in another encoding than UTF-8, or its columns are parted by semicolons."""


class DateSymbolWarning(MatrixWarning):
    """Gene symbols are dates, which Excel makes of names such as Marchf1 or Septin2."""


@dataclass(frozen=True, eq=False)
class ExpressionTable:
    """A table of expression values as its file has it; made by `read_expression_table`."""

    path: Path
    columns: pd.DataFrame = field(repr=False)  # That may be arrays, by heading; index ``probeset_id``.
    arrays: tuple[str, ...]  # Headings of those that look like arrays.
    others: tuple[str, ...]  # Of the others: by their names a statistic or an annotation, or empty.
    symbols: pd.Series | None = field(repr=False)  # Gene symbol of each row, if there is a column of them.
    titles: dict[str, str] = field(repr=False)  # Of arrays in GEO (``!Sample_title``), by heading.

    def find(self, arrays: Iterable[Sequence[object]]) -> list[tuple[str, ...]]:
        """Return for each array the headings that may be its column (`matching_columns`)."""
        return matching_columns(arrays, list(self.columns), self.titles)

    def log2(self, headings: Sequence[str]) -> pd.DataFrame:
        """Return some columns as log2 values; whether they are logarithms already is told by them alone.

        Raises
        ------
        MatrixError
            If one holds something else than numbers, or they can't all be of one scale.

        Warns
        -----
        LinearScaleWarning
            If all reach beyond `LINEAR_ABOVE`, so that they are intensities.
        """
        numbers = {heading: _numbers(self.path, self.columns[heading]) for heading in headings}
        return _log2(self.path, pd.DataFrame(numbers, index=self.columns.index, columns=list(headings)))


def read_expression_table(path: str | PathLike) -> ExpressionTable:
    """Read a table of expression values without deciding yet which columns are wanted.

    Raises
    ------
    MatrixError
        If the file can't be read, has fewer than two columns of numbers, or repeats an identifier.

    Warns
    -----
    TextFormWarning, DateSymbolWarning
        See there.
    """
    path = Path(path)
    text = _text(path)
    from_geo = "!series_matrix_table_begin" in text
    head, table = _series_matrix(path, text) if from_geo else _plain_table(path, text)
    table, symbols = _split_symbols(table)
    if found := dates_among(table.index if symbols is None else symbols.dropna()):
        advice = tr("Export the table without opening it in Excel; gene sets can't find these genes.")
        _tell(path, tr("{problem}. {advice}", problem=found, advice=advice), DateSymbolWarning)
    signals = [name for name in table.columns if is_signal(name)]
    if signals:
        kept, others = signals, [name for name in signals if _CONDITION.search(plain_name(name))]
    else:
        kept = [name for name in table.columns if _mostly_numbers(table[name])]
        others = [name for name in kept if _is_no_array(name, kept) or table[name].isna().all()]
    arrays = tuple(name for name in kept if name not in others)
    if len(kept) < 2:
        problem = tr("holds fewer than two columns of numbers that look like arrays")
        raise _fault(path, problem, tr("Export one per array."))
    for name in kept:
        if head.count(name) > 1:
            raise _fault(path, tr("has two columns named {name!r}", name=name), tr("Rename one of them."))
    titles = _titles(text, head) if from_geo else {}
    return ExpressionTable(path, table[kept], arrays, tuple(others), symbols, titles)


def _fault(path: Path, problem: str, advice: str) -> MatrixError:
    return file_error(MatrixError, path, problem, advice)


# --- text ---------------------------------------------------------------------------------------------


def _text(path: Path) -> str:
    try:
        data = read_bytes(path)
    except (OSError, UnreadableFile) as error:
        problem = tr("can't be read ({error})", error=cause(error))
        raise _fault(path, problem, tr("Check the file.")) from error
    if workbook := _WORKBOOKS.get(data[:4]):
        advice = tr(
            "In Excel, save the sheet as 'Text (tab delimited)'; better, export text from where the table "
            "comes from, since Excel makes dates of some gene symbols."
        )
        raise _fault(path, tr(workbook), advice)
    text, encoding = decode(data)
    if encoding:
        _tell(path, tr("is not UTF-8 text; read as {encoding}.", encoding=tr(encoding)), TextFormWarning)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Excel pads the lines about a series to the width of the table below them.
    return re.sub(r"(?m)^(!.*?)\t+$", r"\1", text) if "!series_matrix_table_begin" in text else text


def _tell(path: Path, what: str, kind: type[Warning]) -> None:
    warnings.warn(str(Note(path.name, what)), kind, stacklevel=4)


def _series_matrix(path: Path, text: str) -> tuple[list[str], pd.DataFrame]:
    body = text.partition("!series_matrix_table_begin\n")[2]
    body, mark, _ = body.partition("!series_matrix_table_end")
    if not mark:
        raise _fault(path, tr("ends before its table does (truncated?)"), tr("Download it again."))
    return _parse(path, body, "\t")


def _titles(text: str, head: Sequence[str]) -> dict[str, str]:
    """Titles of the arrays of a series matrix, which stand in the order of its columns."""
    line = re.search(r"(?m)^!Sample_title\t(.*)$", text)
    titles = next(csv.reader([line[1]], delimiter="\t"), []) if line else []
    return dict(zip(head[1:], titles, strict=False)) if len(titles) == len(head) - 1 else {}


def _plain_table(path: Path, text: str) -> tuple[list[str], pd.DataFrame]:
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith(("#", "!"))]
    separator = _separator(lines[:_HEAD])
    # Lines about the analysis may stand above the table; it begins with the first line as wide as most.
    widths = [_width(line, separator) for line in lines[:_HEAD]]
    usual = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
    if usual < 2:
        problem = tr("holds no table of genes and arrays")
        raise _fault(path, problem, tr("Export it as text with tabs or commas."))
    begin = widths.index(usual)
    above = widths[begin - 1] if begin else 0
    if separator == "," and above > 2 and usual == 2 * above - 1:
        problem = tr(
            "has {heading} columns by its heading, but {rows} in its rows, as decimal commas in a table "
            "parted by commas give",
            heading=above, rows=usual,
        )  # fmt: skip
        raise _fault(path, problem, tr("Export it with decimal points, or parted by tabs."))
    if above == usual - 1:  # a heading without a word for the identifiers, as R's write.table leaves it
        rows = lines[begin:_HEAD]
        trailing = all(line.endswith(separator) for line in rows) and not lines[begin - 1].endswith(separator)
        begin -= 1
        lines[begin] = f"{lines[begin]}{separator}" if trailing else f"probeset_id{separator}{lines[begin]}"
    decimal = "."
    if separator == ";":
        decimal = (
            ","
            if any(_DECIMAL_COMMA.match(cell) for row in lines[:_HEAD] for cell in row.split(";"))
            else "."
        )
        said = tr("columns are parted by semicolons.")
        if decimal == ",":
            said = tr("columns are parted by semicolons and decimal commas are used.")
        _tell(path, said, TextFormWarning)
    return _parse(path, "\n".join(lines[begin:]), separator, decimal)


def _separator(lines: Sequence[str]) -> str:
    """Tell tabs, semicolons and commas apart; the latter two may also stand within cells."""
    if any("\t" in line for line in lines):
        return "\t"
    widths = Counter(_width(line, ";") for line in lines)
    width, count = max(widths.items(), key=lambda one: one[::-1], default=(0, 0))
    return ";" if width > 2 and count >= 0.8 * len(lines) else ","


def _width(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator)))
    except csv.Error:  # a field beyond all measure
        return 0


def _parse(path: Path, body: str, separator: str, decimal: str = ".") -> tuple[list[str], pd.DataFrame]:
    """Return the heading as it stands and the table, identifiers as its index."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            head = next(csv.reader([body.partition("\n")[0]], delimiter=separator))
            if not head[0].strip():  # as R's write.csv and pandas leave it
                head[0] = "probeset_id"
                body = re.sub(r'^ *(?:" *")? *', head[0], body, count=1)
            table = pd.read_csv(
                io.StringIO(body),
                sep=separator,
                decimal=decimal,
                dtype={head[0]: str},
                index_col=False,
                low_memory=False,
            )
    except (ValueError, StopIteration, IndexError, csv.Error, Warning) as error:  # pandas raises ValueErrors
        problem = tr("can't be understood as a table ({error})", error=str(error).strip())
        advice = tr("Export it again.")
        if separator == ",":
            advice = tr("Does it have decimal commas? Export it again.")
        raise _fault(path, problem, advice) from error
    table.columns = table.columns.map(str)
    key = table.columns[0]
    if table.empty or table[key].isna().any():
        problem = tr("has rows without an identifier in its first column ({name}), or none at all", name=key)
        raise _fault(path, problem, tr("Export it again."))
    repeated = table[key][table[key].duplicated()]
    if not repeated.empty:
        problem = tr("lists {name} more than once", name=repeated.iloc[0])
        if date_like(repeated.iloc[:1]):
            problem = tr(
                "lists {name} more than once (a date that Excel made of gene symbols)", name=repeated.iloc[0]
            )
        raise _fault(path, problem, tr("Give each row its own identifier."))
    return head, table.set_index(key).rename_axis("probeset_id")


# --- columns ------------------------------------------------------------------------------------------


def _split_symbols(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series | None]:
    column = next((name for name in table.columns if _SYMBOL.match(name.strip())), None)
    if column is None or pd.api.types.is_numeric_dtype(table[column]):
        return table, None
    # TAC names several genes of one transcript cluster as "A; B": the first is the best assigned.
    first = table[column].str.split(";").str[0].str.strip()
    return table.drop(columns=column), first.where(~first.isin(["", "---"]))


def _mostly_numbers(column: pd.Series) -> bool:
    """Whether a column is of numbers, or plainly was meant to be but for a few cells."""
    if pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return not (str(column.name).startswith("Unnamed: ") and column.isna().all())
    some = column.dropna().astype(str).iloc[:200]
    if some.empty:
        return False
    numbers = pd.to_numeric(some, errors="coerce").notna() | some.map(_DECIMAL_COMMA.match).notna()
    return bool(numbers.mean() > 0.5)


def _is_no_array(name: str, names: Sequence[str]) -> bool:
    """Whether a heading speaks of a statistic or an annotation."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", name).strip()
    return bool(_NO_ARRAY.search(words)) or (name in _LIMMA and "adj.P.Val" in names)


# --- values -------------------------------------------------------------------------------------------


def _numbers(path: Path, column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    faulty = column[numbers.isna() & column.notna()]
    if len(faulty):
        said = {"found": str(faulty.iloc[0])[:40], "gene": faulty.index[0], "column": column.name}
        if _DECIMAL_COMMA.match(str(faulty.iloc[0])):
            problem = tr("holds {found!r} for {gene} in {column}, a decimal comma", **said)
            raise _fault(path, problem, tr("Export the table with decimal points."))
        problem = tr("holds {found!r} for {gene} in {column}, which is not a number", **said)
        raise _fault(path, problem, tr("Correct it or export the table again."))
    return numbers


def _log2(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    values = table.to_numpy()
    faulty = ~np.isfinite(values)
    if faulty.any():
        row, column = np.argwhere(faulty)[0]
        named = {"count": int(faulty.sum()), "gene": table.index[row], "column": table.columns[column]}
        problem = tr("{count} values are missing or not finite, the first for {gene} in {column}", **named)
        raise _fault(path, problem, tr("Leave such rows out, or export the values again."))
    if not values.size or values.max() <= LINEAR_ABOVE:
        return table
    if values.min() <= 0:
        problem = tr(
            "values reach {highest:g}, so they are no logarithms, but some are not positive",
            highest=values.max(),
        )
        raise _fault(path, problem, tr("Export log2 values."))
    highest = table.max()
    if (low := highest <= LINEAR_ABOVE).any():
        problem = tr(
            "{names} reach {highest:g}, but {others} no more than {lower:g}, so not all are arrays of one "
            "scale",
            names=listing(highest.index[~low], most=4), highest=values.max(),
            others=listing(highest.index[low], most=4), lower=highest[low].max(),
        )  # fmt: skip
        advice = tr("Leave out the columns that are no arrays, or export all values as log2.")
        raise _fault(path, problem, advice)
    said = tr("values reach {highest:g}, so they are intensities; their log2 is used.", highest=values.max())
    _tell(path, said, LinearScaleWarning)
    return np.log2(table)
