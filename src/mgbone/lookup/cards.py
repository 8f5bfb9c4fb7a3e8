"""The four look-ups: one gene, one endpoint, one statement, one term, out of the tables of a finished run."""

from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from mgbone.dataset.descriptor import file_sha256
from mgbone.figures import genes as gene_figures
from mgbone.figures import groups as group_figures
from mgbone.lookup.card import Card
from mgbone.lookup.finding import the_one
from mgbone.lookup.tables import Tables, find_tables
from mgbone.microarray.agreement import ON_CHIP_COLUMNS
from mgbone.microarray.changed_genes import call_genes
from mgbone.study import naming
from mgbone.study.dictionary import GENE, endpoint_label, endpoint_unit
from mgbone.study.dictionary import endpoint as endpoint_entry
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, either, tr
from mgbone.study.places import relative

DATASET = Tables.dataset
CERTAINTY = ["p_plugin", "p_predictive", "p_shrunken", "likelihood_ratio", "n80", "n90",
             "severity", "smallest_bound", "share_of_specifications", "joint_p"]  # fmt: skip
GENE_TEST = N_("moderated t test, p adjusted over all genes (BH)")


def gene(name: str, dataset: str | Path = DATASET, **folders: str | Path) -> Card:
    """Look up one gene: every animal by group, fold changes, p and q, its place, themes, GO terms.

    Parameters
    ----------
    name : str
        A symbol (``Bglap``) or another name (osteocalcin, OC, in Japanese too).
    dataset : path-like
        A dataset that `make all` has run on.

    Raises
    ------
    MgboneError
        If there is no such gene (the nearest names are told), or nothing has run on the dataset.
    """
    tables = _adopt(dataset, folders)
    symbol = the_one(name, tables, "gene")
    changes = gene_changes(symbol, tables)
    animals = gene_animals(symbol, tables)
    terms = gene_terms(symbol, tables)
    themes = terms["theme"].dropna().unique()
    called = tables.chip_genes.loc[symbol] if symbol in tables.chip_genes.index else {}
    facts = {
        tr("Name"): called.get("gene_name", ""),
        tr("Human gene"): called.get("human_symbol", ""),
        tr("Themes of the report"): tr(", ").join(endpoint_label(theme) for theme in themes),
        tr("Data"): _title(tables),
    }
    shown = {
        tr("Fold changes (log2)"): changes,
        tr("On the chip"): gene_on_chip(symbol, tables),
        tr("GO terms"): terms,
        tr("Every animal (log2 expression)"): animals,
    }
    draw = partial(_dots, animals, _as_evidence(changes, tables), f"{GENE}{symbol}", tables, symbol)
    return Card("gene", symbol, tr("Gene {name}", name=symbol), facts, shown,
                ("changes", "chip", "terms", "animals"), tables.stamp, draw)  # fmt: skip


def gene_changes(symbol: str, tables: Tables) -> pd.DataFrame:
    """Return the rows of differential_expression.csv of one gene, without the gene's name."""
    table = tables.read("differential_expression")
    return table[table["gene"].eq(symbol)].drop(columns="gene").reset_index(drop=True)


def gene_animals(symbol: str, tables: Tables) -> pd.DataFrame:
    """Return the expression of one gene in every animal: animal_id, experiment, group, value (log2)."""
    expression = tables.read("expression")
    arrays = tables.read("expression_arrays")
    row = expression[expression["gene"].eq(symbol)].iloc[0]
    return arrays[["animal_id", "experiment", "group"]].assign(
        value=arrays["array_id"].map(row).astype(float)
    )


def gene_on_chip(symbol: str, tables: Tables) -> pd.DataFrame:
    """Return the row of genes_on_chip.csv of one gene: probe set, place, and how well its probes agree."""
    table = pd.DataFrame(columns=ON_CHIP_COLUMNS)  # of a run of before this table
    if tables.has("genes_on_chip"):
        table = tables.read("genes_on_chip")
    return table[table["gene"].eq(symbol)].drop(columns="gene").reset_index(drop=True)


def gene_terms(symbol: str, tables: Tables) -> pd.DataFrame:
    """Return the terms that a gene belongs to: columns term, name, theme (missing where it stands for none).

    Those that stand for a theme come first.
    """
    sets = tables.gene_sets
    rows = [(term, sets.name(term)) for term, genes in sets.genes.items() if symbol in genes]
    table = pd.DataFrame(rows, columns=["term", "name"]).sort_values("term", kind="stable")
    of_theme = tables.themes.drop_duplicates("go_id").set_index("go_id")["theme"]
    table["theme"] = table["term"].map(of_theme)
    return table.sort_values("theme", key=pd.Series.isna, kind="stable").reset_index(drop=True)


def endpoint(name: str, dataset: str | Path = DATASET, **folders: str | Path) -> Card:
    """Look up one endpoint: every animal, all contrasts, other tests, equivalence, correlation partners.

    Parameters
    ----------
    name : str
        ``serum_alp``, a title in either language, or another name (ALP); else as with `gene`, errors too.
    """
    tables = _adopt(dataset, folders)
    known = the_one(name, tables, "endpoint")
    entry = endpoint_entry(known)
    found, animals = endpoint_evidence(known, tables), endpoint_animals(known, tables)
    facts = {
        tr("Endpoint"): known,
        tr("Unit"): endpoint_unit(known, typeset=True),
        tr("What it is"): either(entry.get("description", ""), entry.get("description_ja", "")),
        tr("Data"): _title(tables),
    }
    shown = {
        tr("All comparisons"): found,
        tr("Other tests"): other_tests(known, tables),
        tr("Correlation within groups"): partners(known, tables),
        tr("Every animal"): animals,
    }
    draw = None
    if animals["value"].notna().any():
        draw = partial(_dots, animals, found, known, tables, endpoint_label(known))
    return Card("endpoint", known, endpoint_label(known), facts, shown,
                ("evidence", "other_tests", "partners", "animals"), tables.stamp, draw)  # fmt: skip


def endpoint_evidence(name: str, tables: Tables) -> pd.DataFrame:
    """Return the rows of evidence.csv of one endpoint, differences and equivalence, without empty columns."""
    table = tables.read("evidence")
    table = table[table["endpoint"].eq(name)].drop(columns=["domain", "endpoint"])
    return table.dropna(axis="columns", how="all").reset_index(drop=True)


def endpoint_animals(name: str, tables: Tables) -> pd.DataFrame:
    """Return the value of one endpoint in every animal, in the columns of the tables of measurements."""
    table = tables.read_parts("measurements")
    if table.empty:
        return pd.DataFrame(columns=["animal_id", "experiment", "group", "value", "unit"])
    table = table[table["endpoint"].eq(name)].drop(columns="endpoint")
    unused = [c for c in ("censored", "limit") if c in table and table[c].isna().all()]
    return table.drop(columns=unused).reset_index(drop=True)


def other_tests(name: str, tables: Tables) -> pd.DataFrame:
    """Return p of one endpoint under every test: a row a comparison, a column a test."""
    table = tables.read_parts("tests")
    if table.empty or not table["endpoint"].eq(name).any():
        return pd.DataFrame(columns=["experiment", "contrast"])
    table = table[table["endpoint"].eq(name)]
    wide = table.pivot_table(index=["experiment", "contrast"], columns="test", values="p", sort=False)
    return wide.add_prefix("p_").reset_index().rename_axis(columns=None)


def partners(name: str, tables: Tables) -> pd.DataFrame:
    """Return what goes together with one endpoint within groups, the smallest p first."""
    if not tables.has("within_animals"):
        return pd.DataFrame(columns=["endpoint", "n", "r", "ci_low", "ci_high", "p", "q"])
    table = tables.read("within_animals")
    table = table[table["a"].eq(name) | table["b"].eq(name)]
    other = table["b"].where(table["a"].eq(name), table["a"])
    shown = table.assign(endpoint=other)[["endpoint", "n", "r", "ci_low", "ci_high", "p", "q"]]
    return shown.sort_values(["p", "endpoint"]).reset_index(drop=True)


def claim(name: str, dataset: str | Path = DATASET, **folders: str | Path) -> Card:
    """Look up one statement: both languages, evidence, verdict, criteria, certainty, files, other tests.

    `mgbone.certainty.curve` draws it over all analyses that can be defended.

    Parameters
    ----------
    name : str
        Its id, such as ``4-1-2-20``; else as with `gene`, errors too.
    """
    tables = _adopt(dataset, folders)
    known = the_one(name, tables, "claim")
    verdicts = tables.read("verdicts")
    row = verdicts[verdicts["claim_id"].eq(known)]
    said = row.iloc[0]
    certain = tables.certain(known, said["verdict"])
    animals = endpoint_animals(said["endpoint"], tables)
    evidence = endpoint_evidence(said["endpoint"], tables)
    tests = other_tests(said["endpoint"], tables)
    tests = tests[tests["contrast"].eq(said["contrast"])].reset_index(drop=True)
    facts = {
        tr("English"): said["statement_en"],
        tr("Japanese"): said["statement_ja"],
        tr("Comparison"): naming.contrast_label(said["contrast"]),
        tr("Report"): _finding(said["direction"], said["level"]),
        tr("Data"): f"{_finding(said['observed_direction'], said['observed_level'])} ({_title(tables)})",
        tr("Verdict"): f"{naming.VERDICTS[said['verdict']][1]} {naming.word(said['verdict'])}",
        tr("Criteria met"): said["criteria"] if isinstance(said["criteria"], str) else "",
        tr("With nothing to find"): naming.chance_in_words(said),
        **naming.certainty_in_words(certain, said["verdict"]),
        tr("To draw other analyses"): f'mgbone.certainty.curve("{known}")' if certain else "",
        tr("Absence"): naming.absence_in_words(said["absence"]),
        tr("Would another test say otherwise?"): _otherwise(tests, said, tables),
    }
    shown = {
        tr("Verdict and its numbers"): row.drop(columns=["statement_en", "statement_ja"])
        .dropna(axis="columns", how="all").reset_index(drop=True),
        tr("Other tests"): tests,
        tr("Certainty"): pd.DataFrame([certain], columns=CERTAINTY).dropna(how="all"),
        tr("Files"): claim_files(said, tables),
    }  # fmt: skip
    draw = None
    if animals["value"].notna().any():
        draw = partial(_dots, animals, evidence, said["endpoint"], tables, endpoint_label(said["endpoint"]))
    title = tr("Statement {name}", name=known)
    return Card("claim", known, title, facts, shown, ("verdict", "other_tests", "certainty", "files"),
                tables.stamp, draw)  # fmt: skip


def claim_files(said: pd.Series, tables: Tables) -> pd.DataFrame:
    """Return the files that a verdict rests on: columns file (within the project), sha256."""
    files = [tables.path("verdicts"), tables.path("evidence")]
    if isinstance(said["figure"], str):
        figure = tables.figures / Path(said["figure"]).name
        files += [path for path in (figure, figure.with_suffix(".svg")) if path.is_file()]
    try:
        sources = endpoint_entry(said["endpoint"])["derived_from"]
    except MgboneError:  # what the dictionary does not know, such as an endpoint of the integration
        sources = []
    names = dict.fromkeys(f"{source.partition('.')[0]}.csv" for source in sources)
    files += [tables.data / name for name in names if (tables.data / name).is_file()]
    named = [relative(path, outside=f".../{tables.name}/{path.name}") for path in files]
    return pd.DataFrame({"file": named, "sha256": [file_sha256(path) for path in files]})


def _otherwise(tests: pd.DataFrame, said: pd.Series, tables: Tables) -> str:
    """Say which tests come to another level than the declared one."""
    level = said["observed_level"]
    columns = [c for c in tests.columns if c.startswith("p_")]
    if tests.empty or not isinstance(level, str):
        return tr("no other test of it was made")
    row = tests.iloc[0]
    p = {c.removeprefix("p_").replace("_", " "): row[c] for c in columns if pd.notna(row[c])}
    differ = [f"{test} ({naming.format_p(value)})" for test, value in p.items()
              if tables.study.level(value) != level]  # fmt: skip
    if not differ:
        return tr("no: all {n} tests come to the same level", n=len(p))
    return tr("yes, at another level: {tests}", tests=tr(", ").join(differ))


def term(name: str, dataset: str | Path = DATASET, **folders: str | Path) -> Card:
    """Look up one GO term: over-representation in each list, its genes with their fold changes.

    Parameters
    ----------
    name : str
        ``GO:0030282``, or the name of a term; else as with `gene`, errors too.
    """
    tables = _adopt(dataset, folders)
    known = the_one(name, tables, "term")
    sets = tables.gene_sets
    changes = tables.read("differential_expression")
    members = changes[changes["gene"].isin(set(sets.genes[known]))]
    members = members.sort_values(["p", "gene"], kind="stable").reset_index(drop=True)
    enriched = tables.read("enriched_terms")
    enriched = enriched[enriched["term"].eq(known)].drop(columns=["term", "name", "genes"], errors="ignore")
    themes = tables.themes.loc[tables.themes["go_id"].eq(known), "theme"]
    facts = {
        tr("Name"): sets.name(known),
        tr("Themes of the report"): tr(", ").join(endpoint_label(theme) for theme in themes),
        tr("Genes of the term"): f"{len(sets.genes[known])}",
        tr("of them on the chip"): f"{members['gene'].nunique()}",
        tr("Gene sets"): sets.source,
        tr("Data"): _title(tables),
    }
    shown = {tr("Over-representation (p < 0.05)"): enriched.reset_index(drop=True), tr("Its genes"): members}
    draw = partial(_volcano, members, tables, sets.name(known)) if len(members) else None
    title = tr("{term}: {name}", term=known, name=sets.name(known))
    return Card("term", known, title, facts, shown, ("enriched", "genes"), tables.stamp, draw)


def _adopt(dataset: str | Path, folders: dict[str, str | Path]) -> Tables:
    tables = find_tables(dataset, **folders)
    naming.use_study(tables.study)
    return tables


def _title(tables: Tables) -> str:
    kind = tables.stamp or tr("measured data")
    title = either(tables.descriptor.title, tables.descriptor.title_ja)
    return f"{tables.name}: {title} ({kind})"


def _finding(direction: object, level: object) -> str:
    if not isinstance(level, str):
        return naming.word("not_tested")
    if direction in ("up", "down"):
        return tr("{direction} ({level})", direction=naming.word(direction), level=naming.word(level))
    return naming.word(level)


def _as_evidence(changes: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Put fold changes of one gene into the form of evidence; its p is that adjusted over all genes."""
    direction = call_genes(changes, tables.study.thresholds["gene_q"])["direction"]
    return changes.assign(
        estimate=changes["log2_fold_change"], p=changes["q"], test=GENE_TEST, direction=direction,
        level=[tables.study.level(q) for q in changes["q"]],
    )  # fmt: skip


def _dots(animals: pd.DataFrame, evidence: pd.DataFrame, name: str, tables: Tables, title: str) -> Figure:
    """Draw every animal of one endpoint and its differences."""
    naming.use_study(tables.study)
    evidence = evidence[evidence["contrast"].str.contains("_vs_")]
    return group_figures.group_dots(
        animals.assign(endpoint=name), evidence.assign(endpoint=name), [name], tables.study, title
    )


def _volcano(members: pd.DataFrame, tables: Tables, title: str) -> Figure:
    """Draw the genes of one term; those with the smallest p and the largest change are named."""
    naming.use_study(tables.study)
    limits = tables.study.thresholds
    called = call_genes(members, limits["gene_q"], limits["gene_log2_fold_change"])
    changed = called["direction"].ne("none")
    return gene_figures.volcano(called.assign(theme=None, named=changed), title, q=limits["gene_q"])
