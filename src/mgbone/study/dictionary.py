"""The one dictionary of the data: every field and endpoint, its titles in English and Japanese, its unit.

It lives in ``schema/tables.json`` (Frictionless Table Schemas) and ``schema/endpoints.json`` and feeds the
validation of datasets, the labels of axes and ``data/README.md``, so that a name or a unit is written in one
place only. Units are ASCII in data (``mg/cm3``), typeset for people (``mg/cm³``).
"""

import copy
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, either, tr
from mgbone.study.paths import project_root, write_aside

TABLES = ("animals", "serum", "urine", "balance", "qct_slices", "arrays")

OPTIONAL = ("balance",)
"""Tables that a simulated dataset may lack, too."""

README_BEGIN = (
    "<!-- dictionary: written by mgbone.study.dictionary; change src/mgbone/study/schema/ instead -->"
)

README_END = "<!-- end of dictionary -->"

GENE = "gene:"
"""What the expression of one gene is called where endpoints are: ``gene:Bglap``."""


def table_schema(name: str, groups: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, Any]:
    """Return the Frictionless Table Schema of a table, as a copy that may be changed.

    Parameters
    ----------
    name : str
        One of `TABLES`.
    groups : mapping of str to tuple of str, optional
        Groups per experiment; the schema of ``animals`` then lists them as the allowed values.

    Raises
    ------
    MgboneError
        If there is no such table.
    """
    schema = copy.deepcopy(_entry(_tables(), name, N_("table")))
    if groups is not None:
        every = dict.fromkeys(group for row in groups.values() for group in row)
        allowed = {"experiment": list(groups), "group": list(every)}
        for field in schema["fields"]:
            if field["name"] in allowed:
                field["constraints"]["enum"] = allowed[field["name"]]
    return schema


def plausible() -> dict[str, Any]:
    """Return what is usual in rats: ranges by field (possible, usual, source), pairs in order, sources."""
    return _raw("plausible.json")


def table_fields(name: str) -> dict[str, dict[str, Any]]:
    """Return the fields of a table by name, in their order."""
    return {field["name"]: field for field in table_schema(name)["fields"]}


def endpoints(domain: str | None = None) -> tuple[str, ...]:
    """Return the names of all endpoints, or of those of one domain (biochem, balance, qct, microarray)."""
    return tuple(name for name, entry in _endpoints().items() if domain in (None, entry["domain"]))


def measured_fields(table: str) -> list[str]:
    """Return the fields of a table of samples that were measured: all but the name of the animal."""
    return [name for name in table_fields(table) if name != "animal_id"]


def domain_of(endpoint: str) -> str:
    """Return the part of the study that a measured endpoint belongs to: qct, microarray or biochem."""
    return _endpoints().get(endpoint, {}).get("domain", "biochem")


def axis_of(endpoint: str) -> str:
    """Return the axis of the argument that an endpoint belongs to: status, minerals, formation and so on."""
    return _endpoints().get(endpoint, {}).get("axis", "transcriptome")


def is_derived(name: str) -> bool:
    """Return whether an endpoint says once more what others say: gene scores, ratios, correlations.

    Such rows belong to the evidence, but not to a count of what a dose did.
    """
    return name.startswith("score_") or "/" in name or "~" in name


def endpoint(name: str) -> dict[str, Any]:
    """Return everything known about an endpoint: domain, axis, titles, unit, origin, descriptions.

    Raises
    ------
    MgboneError
        If there is no such endpoint.
    """
    return copy.deepcopy(_known(name))


def endpoint_label(endpoint: str, unit: bool = False, short: bool = False) -> str:
    """Return the title of an endpoint as people read it.

    Parameters
    ----------
    endpoint : str
        Name, for example ``serum_mg`` or ``bmd_trabecular_distal``; two names joined by ``~`` (a correlation)
        or ``/`` (a ratio) give both titles.
    unit : bool
        Add the unit in brackets, as for an axis.
    short : bool
        The short form, as for a cell of a table or a crowded axis.

    Raises
    ------
    MgboneError
        If there is no such endpoint.
    """
    for sign, words in ((" ~ ", "~"), (" / ", "/")):
        if words in endpoint:
            return sign.join(endpoint_label(e, unit, short) for e in endpoint.split(words))
    entry = _known(endpoint)
    label = _in_language(entry, "short" if short else "title")
    shown = endpoint_unit(endpoint, typeset=True)
    return f"{label} ({shown})" if unit and shown else label


def endpoint_unit(endpoint: str, typeset: bool = False) -> str:
    """Return the unit of an endpoint: as written in data, or typeset for people in the language in use.

    ``endpoint_unit("urine_ctx")`` is ``ug/mmol Cr``; ``endpoint_unit("urine_ctx", typeset=True)`` is
    ``µg/mmol Cr``. Endpoints without a unit give an empty text.
    """
    entry = _known(endpoint)
    return _typeset(entry) if typeset else entry.get("unit", "")


def field_label(table: str, field: str, unit: bool = False) -> str:
    """Return the title of a table's field as people read it, with its unit in brackets if asked for."""
    entry = _entry(table_fields(table), field, tr("field of {table}", table=table))
    label, shown = _in_language(entry, "title"), _typeset(entry)
    return f"{label} ({shown})" if unit and shown else label


def field_unit(table: str, field: str) -> str:
    """Return the unit of a field as written in data."""
    return _entry(table_fields(table), field, tr("field of {table}", table=table)).get("unit", "")


def structure_label(structure: str, short: bool = False) -> str:
    """Return the name of a structure of bone: whole (全骨), cortical (皮質骨), cancellous (海綿骨), ..."""
    entry = _entry(_raw("endpoints.json")["structures"], structure, N_("structure"))
    return _in_language(entry, "short" if short else "title")


def region_label(region: str, short: bool = False) -> str:
    """Return the name of a region of the femur, as full length (全長) or distal region (遠位部)."""
    entry = _entry(_raw("endpoints.json")["regions"], region, N_("region"))
    return _in_language(entry, "short" if short else "title")


def unit_label(unit: str) -> str:
    """Return a unit as written in data, such as ``ug/day``, for people, in the language in use."""
    of_endpoint = next((e for e in _endpoints().values() if e.get("unit") == unit and "unit_ja" in e), None)
    return _typeset(of_endpoint) if of_endpoint else tr(typeset_unit(unit))


def typeset_unit(unit: str) -> str:
    """Turn a unit as written in data into one for people: ``ug`` to ``µg``, ``cm3`` to ``cm³``."""
    unit = re.sub(r"\bu(?=[gLmM])", "µ", unit)
    return re.sub(r"(?<=m)[23]\b", lambda power: {"2": "²", "3": "³"}[power.group()], unit)


def write_data_readme(path: str | Path | None = None) -> Path:
    """Write the dictionary into data/README.md, between its two marks; the prose around them stays.

    Raises
    ------
    MgboneError
        If the file lacks the marks.
    """
    path = project_root() / "data" / "README.md" if path is None else Path(path)
    return write_between(path, README_BEGIN, README_END, data_dictionary())


def write_between(path: Path, first: str, last: str, body: str) -> Path:
    """Write a text between two marks of a file, and leave the rest of it as it is.

    Raises
    ------
    MgboneError
        If the file lacks the marks.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else f"{first}\n{last}\n"
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise MgboneError(
            tr(
                "{file} lacks the marks of the dictionary. Put back {begin} and {end}.",
                file=path.name,
                begin=first,
                end=last,
            )
        )
    with write_aside(path) as aside:
        aside.write_text(f"{before}{begin}\n\n{body}\n{end}{after}", encoding="utf-8", newline="\n")
    return path


def data_dictionary() -> str:
    """Return the dictionary as Markdown, both languages: the tables field by field, then the endpoints."""
    blocks = []
    for name, schema in _tables().items():
        rows = [_field_row(field) for field in schema["fields"]]
        blocks.append(
            f"### `{name}.csv`: {schema['title']} / {schema['title_ja']}\n\n"
            f"{schema['description']}<br>{schema['description_ja']}\n\n"
            + _markdown(["field", "title", "項目", "unit", "blank allowed", "meaning", "意味"], rows)
        )
    blocks += [_endpoint_section(), _place_section("structures"), _place_section("regions")]
    blocks.append(_plausible_section())
    return "\n\n".join(blocks) + "\n"


# --- reading the dictionary ----------------------------------------------------------------------------


@cache
def _raw(name: str) -> dict[str, Any]:
    return json.loads(files("mgbone.study").joinpath("schema", name).read_text(encoding="utf-8"))


def _tables() -> dict[str, Any]:
    return _raw("tables.json")


@cache
def _endpoints() -> dict[str, dict[str, Any]]:
    """All endpoints, those of density spelt out for each structure and region, in the order of the report."""
    raw = _raw("endpoints.json")
    density = {}
    for structure, one in raw["structures"].items():
        for region, other in raw["regions"].items():
            words = {"structure_name": structure}
            for part, entry in (("structure", one), ("region", other)):
                words |= {part: entry["title"], f"{part}_ja": entry["title_ja"]}
                words[f"{part}_short"] = entry["short"]
            filled = {key: _filled(value, words) for key, value in raw["bmd"].items()}
            density[f"bmd_{structure}_{region}"] = filled
    listed = raw["endpoints"]
    ordered = {name: entry for name, entry in listed.items() if entry["domain"] == "biochem"} | density
    return ordered | {name: entry for name, entry in listed.items() if name not in ordered}


def _filled(value: str | list[str], words: Mapping[str, str]) -> str | list[str]:
    return value.format(**words) if isinstance(value, str) else [part.format(**words) for part in value]


def _entry(entries: Mapping[str, Any], name: str, kind: str) -> Any:
    if name not in entries:
        raise MgboneError(
            tr(
                "There is no {kind} {name!r} in the dictionary; it has {known}.",
                kind=tr(kind),
                name=name,
                known=tr(", ").join(entries),
            )
        )
    return entries[name]


def _known(name: str) -> Mapping[str, Any]:
    """Return the entry of an endpoint; that of a gene is made, since no dictionary lists them."""
    if not name.startswith(GENE):
        return _entry(_endpoints(), name, N_("endpoint"))
    symbol = name.removeprefix(GENE)
    titles = {"title": f"Expression of {symbol}", "title_ja": f"{symbol}の発現", "short": symbol}
    return {"domain": "microarray", "axis": "transcriptome", "unit": "log2"} | titles


def _in_language(entry: Mapping[str, Any], key: str) -> str:
    return either(entry[key], entry.get(f"{key}_ja", ""))


def _typeset(entry: Mapping[str, Any]) -> str:
    return typeset_unit(_in_language(entry, "unit") if "unit" in entry else "")


# --- writing it down -----------------------------------------------------------------------------------


def _field_row(field: Mapping[str, Any]) -> list[str]:
    blank = "no" if field.get("constraints", {}).get("required") else "yes"
    titles = [f"`{field['name']}`", field["title"], field["title_ja"], _typeset(field), blank]
    return [*titles, field["description"], field["description_ja"]]


def _endpoint_section() -> str:
    """All endpoints, the 16 densities as one row."""
    density = _raw("endpoints.json")["bmd"]
    words = {"structure": "…", "structure_ja": "…", "region": "…", "region_ja": "…"}
    words["structure_name"] = "<structure>"
    one = {key: _filled(density[key], words) for key in ("domain", "title", "title_ja", "unit", "formula")}
    rows: dict[str, list[str]] = {}
    for name, entry in _endpoints().items():
        shown, entry = ("bmd_<structure>_<region>", one) if entry["domain"] == "qct" else (name, entry)
        rows[shown] = _endpoint_row(shown, entry)
    header = ["endpoint", "domain", "title", "項目", "unit", "how it is made"]
    return "### Endpoints / 評価項目\n\n" + _markdown(header, list(rows.values()))


def _endpoint_row(name: str, entry: Mapping[str, Any]) -> list[str]:
    made = entry["formula"] if entry["domain"] == "microarray" else f"`{entry['formula']}`"
    return [f"`{name}`", entry["domain"], entry["title"], entry["title_ja"], _typeset(entry), made]


def _place_section(kind: str) -> str:
    titles = {"structures": "### Structures of bone / 構造", "regions": "### Regions of the femur / 部位"}
    rows = [
        [f"`{name}`", entry["title"], entry["title_ja"], entry["description"], entry["description_ja"]]
        for name, entry in _raw("endpoints.json")[kind].items()
    ]
    return f"{titles[kind]}\n\n" + _markdown(["name", "title", "名称", "meaning", "意味"], rows)


def _plausible_section() -> str:
    """The ranges outside of which `make check` asks for a second look, and where they come from."""
    held = plausible()
    units = {field["name"]: _typeset(field) for schema in _tables().values() for field in schema["fields"]}
    rows = [
        [f"`{name}`", units.get(name, "mg/cm³"), _span(entry["possible"]), _span(entry.get("usual", ())),
         entry["source"].replace(";", ", ")]
        for name, entry in held["ranges"].items()
    ]  # fmt: skip
    header = ["field", "unit", "rats and mice", "median on the normal diet of the report", "source"]
    sources = "\n".join(f"- {key}: {said}" for key, said in held["sources"].items())
    return (
        "### What is plausible / もっともらしい範囲\n\n"
        "Outside of these ranges `make check` asks for a second look and changes nothing. They are "
        "wider than any diet moves a value; `assumed` stands where there is no source.\n\n"
        + _markdown(header, rows)
        + f"\n\n{sources}"
    )


def _span(limits: Sequence[float]) -> str:
    return " to ".join(f"{limit:g}" for limit in limits)


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
