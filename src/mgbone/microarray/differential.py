"""Which genes changed: linear models with moderated t tests (limma), and what makes them believable."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pylimma
from scipy import stats

from mgbone.microarray.genes import check_numbers, examples
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

DE_COLUMNS = ["gene", "contrast", "log2_fold_change", "average_expression", "t", "p", "q"]


class ExpressionWarning(UserWarning):
    """Expression values that can be analysed but should be looked at."""


def differential_expression(
    expression: pd.DataFrame, groups: Mapping[str, str] | pd.Series | Sequence[str], contrasts: Sequence[str]
) -> pd.DataFrame:
    """Test each gene for each contrast with limma's moderated t test (Smyth 2004), by way of pylimma.

    One linear model is fitted over all groups given, so that each contrast borrows the residual variance of
    all of them: hand in the arrays of one experiment at a time. Benjamini-Hochberg q values count the genes
    of one contrast.

    Parameters
    ----------
    expression : DataFrame, shape (n_genes, n_arrays)
        log2 expression, genes as index, arrays as columns.
    groups : Series, mapping, or sequence
        Group of each array; a Series or mapping is matched by array name, a sequence by position.
    contrasts : sequence of str
        Names of the form ``case_vs_reference``. A difference is case minus reference.

    Returns
    -------
    DataFrame
        Columns gene, contrast, log2_fold_change, average_expression (over all arrays of the model), t, p, q;
        contrast by contrast, genes in the order given.

    Raises
    ------
    MgboneError
        If a contrast names a group without arrays or with a single one, a group is missing, genes repeat, or
        values are missing or infinite.

    Warns
    -----
    ExpressionWarning
        If values don't look like log2, or genes do not vary at all within groups.

    References
    ----------
    Smyth GK (2004) Stat Appl Genet Mol Biol 3:3. Ritchie ME et al. (2015) Nucleic Acids Res 43:e47.
    """
    fit, labels = _fit(expression, groups, contrasts)
    average = expression[labels.index].mean(axis=1).to_numpy()
    p = np.asarray(fit["p_value"])
    numbers = {
        "log2_fold_change": fit["coefficients"],
        "average_expression": np.broadcast_to(average[:, None], p.shape),
        "t": fit["t"], "p": p, "q": stats.false_discovery_control(p, axis=0, method="bh"),
    }  # fmt: skip
    return _long(expression.index, contrasts, numbers)


def _long(genes: pd.Index, contrasts: Sequence[str], numbers: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Lay numbers of genes x contrasts out contrast by contrast."""
    tables = [
        pd.DataFrame({"gene": genes, "contrast": c} | {k: np.asarray(v)[:, i] for k, v in numbers.items()})
        for i, c in enumerate(contrasts)
    ]
    return pd.concat(tables, ignore_index=True)


def fold_change_intervals(
    expression: pd.DataFrame,
    groups: Mapping[str, str] | pd.Series | Sequence[str],
    contrasts: Sequence[str],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the confidence interval of each log2 fold change, on the moderated standard error (Smyth 2004).

    Parameters and errors are those of `differential_expression`. Each interval is that of one gene by itself,
    as ``topTable(confint = TRUE)`` gives it; it does not allow for the number of genes.

    Returns
    -------
    DataFrame
        Columns gene, contrast, ci_low, ci_high; rows as in `differential_expression`.
    """
    fit, _ = _fit(expression, groups, contrasts)
    error = np.asarray(fit["stdev_unscaled"]) * np.sqrt(np.asarray(fit["s2_post"], dtype=float))[:, None]
    reach = error * stats.t.ppf((1 + confidence) / 2, np.asarray(fit["df_total"], dtype=float))[:, None]
    middle = np.asarray(fit["coefficients"])
    return _long(expression.index, contrasts, {"ci_low": middle - reach, "ci_high": middle + reach})


def split_contrast(contrast: str) -> tuple[str, str]:
    """Split ``case_vs_reference`` into case and reference.

    Raises
    ------
    MgboneError
        If it has another form.
    """
    case, separator, reference = str(contrast).partition("_vs_")
    if not (case and separator and reference) or case == reference:
        said = N_(
            "{contrast!r} is no contrast: write case_vs_reference with two different groups, such as "
            "mg001_vs_pairfed."
        )
        raise MgboneError(tr(said, contrast=contrast))
    return case, reference


def genes_by_hand(
    expression: pd.DataFrame,
    groups: Mapping[str, str] | pd.Series | Sequence[str],
    genes: Sequence[str],
    contrast: str,
) -> pd.DataFrame:
    """Work the moderated t test of some genes step by step, so that a reader can follow each number.

    Only the prior (its degrees of freedom and variance) comes from the fit of all genes; everything else is
    computed here from the values of one gene and ends at the p that `differential_expression` gives.

    Returns
    -------
    DataFrame
        Columns step, name, formula and one per gene, with its numbers; one row per step.

    Raises
    ------
    MgboneError
        As `differential_expression`, or if a gene is not in the table.
    """
    for gene in genes:
        if gene not in expression.index:
            said = N_("The gene {gene!r} is not in the expression table; it has such as {examples}.")
            raise MgboneError(tr(said, gene=gene, examples=examples(expression.index)))
    fit, labels = _fit(expression, groups, [contrast])
    prior_df, prior = (float(np.ravel(fit[key])[0]) for key in ("df_prior", "s2_prior"))
    most_df = (len(labels) - labels.nunique()) * len(expression)
    worked = [
        _by_hand(expression.loc[gene, labels.index], labels, contrast, prior_df, prior, most_df)
        for gene in genes
    ]
    table = pd.DataFrame(_STEPS, columns=["step", "name", "formula"])
    return table.assign(**dict(zip(genes, worked, strict=True)))


_STEPS = [
    ("mean_case", N_("Mean of the case"), "mean(x)"),
    ("mean_reference", N_("Mean of the reference"), "mean(y)"),
    ("difference", N_("log2 fold change"), "mean(x) - mean(y)"),
    ("df", N_("Residual degrees of freedom"), N_("arrays - groups")),
    ("variance", N_("Residual variance of this gene"), "s2 = SS_within / df"),
    ("t_ordinary", N_("Ordinary t, for comparison"), N_("difference / sqrt(s2 (1/n_x + 1/n_y))")),
    ("p_ordinary", N_("Ordinary p, for comparison"), N_("df degrees of freedom")),
    ("prior_df", N_("Prior degrees of freedom (from all genes)"), "d0"),
    ("prior_variance", N_("Prior variance (from all genes)"), "s0^2"),
    ("posterior_variance", N_("Moderated variance"), "s2_mod = (d0 s0^2 + df s2) / (d0 + df)"),
    ("standard_error", N_("Standard error"), "sqrt(s2_mod (1/n_x + 1/n_y))"),
    ("t", N_("Moderated t"), N_("difference / standard error")),
    ("df_total", N_("Degrees of freedom of t"), "df + d0"),
    ("p", N_("p, two-sided"), "P(|T| >= |t|)"),
]


def _by_hand(
    values: pd.Series, labels: pd.Series, contrast: str, prior_df: float, prior: float, most_df: float
) -> list[float]:
    """Numbers of the steps of one gene, in their order."""
    by_group = {g: values[(labels == g).to_numpy()].to_numpy(dtype=float) for g in labels.unique()}
    x, y = (by_group[group] for group in split_contrast(contrast))
    difference, spread = x.mean() - y.mean(), 1 / len(x) + 1 / len(y)
    df = len(values) - len(by_group)
    variance = sum(((v - v.mean()) ** 2).sum() for v in by_group.values()) / df
    ordinary = difference / np.sqrt(variance * spread)
    posterior = prior if np.isinf(prior_df) else (prior_df * prior + df * variance) / (prior_df + df)
    error = np.sqrt(posterior * spread)
    t, total_df = difference / error, min(df + prior_df, most_df)
    return [
        x.mean(), y.mean(), difference, df, variance, ordinary, 2 * stats.t.sf(abs(ordinary), df),
        prior_df, prior, posterior, error, t, total_df, 2 * stats.t.sf(abs(t), total_df),
    ]  # fmt: skip


def _fit(expression: pd.DataFrame, groups: Any, contrasts: Sequence[str]) -> tuple[dict[str, Any], pd.Series]:
    """Fit limma's model over all groups; return the fit (genes x contrasts) and the group of each array."""
    labels = _labels(expression, groups)
    _check_genes(expression)
    _check_contrasts(labels, contrasts)
    names = list(dict.fromkeys(labels))
    design = pd.DataFrame({g: labels == g for g in names})
    matrix = np.zeros((len(names), len(contrasts)))
    for i, contrast in enumerate(contrasts):
        case, reference = split_contrast(contrast)
        matrix[names.index(case), i] = 1.0
        matrix[names.index(reference), i] = -1.0
    values = expression[labels.index].to_numpy(dtype=float)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = pylimma.contrasts_fit(_group_means(values, design.to_numpy(dtype=bool)), matrix)
        fit = pylimma.e_bayes(fit, trend=False)
    for text in dict.fromkeys(str(w.message) for w in caught):
        warnings.warn(tr("From pylimma: {message}", message=text), ExpressionWarning, stacklevel=3)
    return fit, labels


def _group_means(values: np.ndarray, design: np.ndarray) -> dict[str, Any]:
    """Fit a mean to each group: what limma's lmFit gives, by sums alone.

    Its QR leaves last bits that differ between processors, which order genes with the same t.
    """
    n, df = design.sum(axis=0), len(design) - design.shape[1]
    means = np.column_stack([values[:, group].mean(axis=1) for group in design.T])
    squares = sum(((values[:, group] - means[:, [i]]) ** 2).sum(axis=1) for i, group in enumerate(design.T))
    return {
        "coefficients": means,
        "stdev_unscaled": np.broadcast_to(np.sqrt(1 / n), means.shape),
        "cov_coefficients": np.diag(1 / n),
        "sigma": np.sqrt(squares / df),
        "df_residual": np.full(len(values), df, dtype=float),
        "Amean": values.mean(axis=1),
    }


def _labels(expression: pd.DataFrame, groups: Any) -> pd.Series:
    """Group of each array as a Series in the order of the columns."""
    if isinstance(groups, pd.Series | Mapping):
        given = pd.Series(dict(groups), dtype=object)
        missing = [a for a in expression.columns if a not in given.index or pd.isna(given[a])]
        if missing:
            said = N_(
                "The array {array!r} has no group ({n} of {arrays} have none); give each column of the "
                "expression table one, by its name."
            )
            raise MgboneError(tr(said, array=missing[0], n=len(missing), arrays=expression.shape[1]))
        return given.reindex(expression.columns)
    given = list(groups)
    if len(given) != expression.shape[1]:
        said = N_("{n} groups were given for {arrays} arrays; give one for each.")
        raise MgboneError(tr(said, n=len(given), arrays=expression.shape[1]))
    return pd.Series(given, index=expression.columns, dtype=object)


def _check_genes(expression: pd.DataFrame) -> None:
    check_numbers(expression)
    if expression.columns.has_duplicates:
        twice = expression.columns[expression.columns.duplicated()][0]
        said = N_("The array {array!r} stands more than once in the expression table; drop or rename one.")
        raise MgboneError(tr(said, array=twice))
    if expression.index.has_duplicates:
        twice = expression.index[expression.index.duplicated()]
        said = N_(
            "{n} genes stand more than once, such as {gene!r}; take one row per gene with summarise_to_genes "
            "first."
        )
        raise MgboneError(tr(said, n=len(set(twice)), gene=twice[0]))
    if len(expression) < 3:
        said = N_("Only {n} genes were given; moderated variances need many (a whole chip).")
        raise MgboneError(tr(said, n=len(expression)))
    if float(expression.to_numpy().max()) > 64:
        said = N_(
            "Expression values above 64 were found: log2 values lie below about 20. Are these raw "
            "intensities?"
        )
        warnings.warn(tr(said), ExpressionWarning, stacklevel=4)


def _check_contrasts(labels: pd.Series, contrasts: Sequence[str]) -> None:
    if isinstance(contrasts, str) or not len(contrasts):
        raise MgboneError(tr("Give a list of contrasts, such as ['mg001_vs_pairfed']."))
    sizes, known = labels.value_counts(), tr(", ").join(map(str, dict.fromkeys(labels)))
    for contrast in contrasts:
        for group in split_contrast(contrast):
            if group not in sizes.index:
                said = N_(
                    "The contrast {contrast!r} needs the group {group!r}, which has no array; groups with "
                    "arrays are {known}."
                )
                raise MgboneError(tr(said, contrast=contrast, group=group, known=known))
            if sizes[group] < 2:
                said = N_(
                    "The group {group!r} has a single array, so that nothing says how much its arrays vary; "
                    "{contrast!r} can't be tested. Two are the least, three or more are usual."
                )
                raise MgboneError(tr(said, group=group, contrast=contrast))


def one_contrast(table: pd.DataFrame, contrast: str) -> pd.DataFrame:
    """Return the rows of one contrast; that there are none is an error."""
    rows = table[table["contrast"] == contrast]
    if rows.empty:
        said = N_("The contrast {contrast!r} is not in the table; it has {known}.")
        raise MgboneError(
            tr(said, contrast=contrast, known=tr(", ").join(map(str, table["contrast"].unique())))
        )
    return rows
