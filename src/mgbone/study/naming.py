"""What things are called: groups, contrasts, levels, tests and p values, in two languages."""

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache

from mgbone.study.design import Group, Study, load_study
from mgbone.study.dictionary import axis_of, endpoint_label, endpoints
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, current, either, tr

AXIS_NAMES: Mapping[str, str] = {
    "intake": N_("Intake, growth"),
    "status": N_("Mg status"),
    "minerals": N_("Minerals"),
    "formation": N_("Formation"),
    "resorption": N_("Resorption, PTH"),
    "density": N_("Density"),
    "transcriptome": N_("Transcriptome"),
}

# The endpoints of biochemistry, in the report's order of argument.
AXES: Mapping[str, tuple[str, ...]] = {
    axis: tuple(e for e in endpoints("biochem") if axis_of(e) == axis)
    for axis in dict.fromkeys(map(axis_of, endpoints("biochem")))
}


def study_in_use() -> Study:
    """Return the study whose groups are spoken of: the compendium's own until another one is adopted."""
    return in_use[0] if in_use else load_study()


def has_doses() -> bool:
    """Return whether the groups of the study in use have doses."""
    return study_in_use().highest_dose is not None


def nutrient_word() -> str:
    """Return what the diets of the study in use differ in, in a word: magnesium."""
    dose_of = study_in_use().dose_of
    return either(dose_of.word or dose_of.name, dose_of.word_ja or dose_of.word or dose_of.name)


def dose_heading(study: Study) -> str:
    """Return what heads the doses of a study, as ``Mg in diet (%)``; empty where groups have none."""
    if study.highest_dose is None:
        return ""
    return tr("{nutrient} in diet ({unit})", nutrient=study.dose_of.name, unit=_wide(study.dose_of.unit))


def dose_label(group: str, study: Study) -> str:
    """Return what a group was fed, as ``0.05 % Mg``; empty for a group without a dose."""
    dose = study.groups[group].dose
    if dose is None:
        return ""
    return tr(
        "{dose:g} {unit} {nutrient}", dose=dose, unit=_wide(study.dose_of.unit), nutrient=study.dose_of.name
    )


def _wide(unit: str) -> str:
    return unit.replace("%", "％") if current() == "ja" else unit


def row_label(endpoint: str) -> str:
    """Return the name of an endpoint beside others: densities by structure and region only."""
    return endpoint_label(endpoint, short=axis_of(endpoint) == "density")


# Colour and symbol say the same; in grey the colours differ by lightness (93, 86, 42, white with hatching).
VERDICTS: Mapping[str, str] = {
    "reproduced": ("#86c5a8", "✓"),
    "direction_only": ("#f4d58a", "≈"),
    "contradicted": ("#b23a2c", "✗"),
    "not_tested": ("#ffffff", "?"),
}
SUPPORTED, NOT_SHOWN = N_("absence supported"), N_("not shown")
BEYOND = N_("effect excluded beyond {percent} %")
LEVEL_MARKS: Mapping[str, str] = {"significant": "*", "trend": "†"}


def word(key: str) -> str:
    """Return the word for a key of data: a direction, a domain, a verdict; another key stays as it is."""
    return tr(WORDS[key]) if key in WORDS else key


def name_of_test(test: str) -> str:
    """Return the name of a statistical test; one that has no Japanese name here stays as it is."""
    for pattern, message in _TESTS_OF.items():
        if found := re.fullmatch(pattern, test):
            return tr(message, **found.groupdict())
    return tr(_TESTS[test]) if test in _TESTS else test


GEHAN = "Gehan's test between each two groups, Holm"
"""The test in the declared one's place where values lie below a limit of detection."""

_TESTS: Mapping[str, str] = {
    "one-way ANOVA, Tukey-Kramer": N_("one-way ANOVA, Tukey-Kramer"),
    "Student's t test": N_("Student's t test"),
    "every step a contrast of log ratios, the largest p": N_(
        "every step a contrast of log ratios, the largest p"
    ),
    GEHAN: N_("Gehan's test (values below a limit hollow)"),
    "Pearson correlation with group means removed, BH over all pairs": N_(
        "Pearson correlation with group means removed, BH over all pairs"
    ),
    "Jonckheere-Terpstra and Mack-Wolfe (peak at the mildest dose), labels permuted within experiments": N_(
        "Jonckheere-Terpstra and Mack-Wolfe (peak at the mildest dose), labels permuted within experiments"
    ),
    "not tested": N_("not tested"),
}
_TESTS_OF: Mapping[str, str] = {
    r"permutation of arrays \((?P<n>\d+) all splits\)": N_("permutation of arrays (all {n} splits)"),
    r"permutation of arrays \((?P<n>\d+) random splits\)": N_("permutation of arrays ({n} random splits)"),
    r"over-representation, BH over all terms of both lists \((?P<term>.*)\)": N_(
        "over-representation, BH over all terms of both lists ({term})"
    ),
}

WORDS: Mapping[str, str] = {
    "up": N_("higher"),
    "down": N_("lower"),
    "none": N_("no difference"),
    "significant": N_("significant"),
    "trend": N_("trend"),
    "biochem": N_("Biochemistry"),
    "qct": N_("Bone density (qCT)"),
    "microarray": N_("Gene expression"),
    "integration": N_("Integration"),
    "separated": N_("separate clusters"),
    "mixed": N_("mixed clusters"),
    "monotonic": N_("step by step with the diet"),
    "not_monotonic": N_("not step by step"),
    "total": N_("Total"),
    "stated": N_("stated"),
    "partly": N_("partly"),
    "open": N_("open"),
    "effect": N_("effect"),
    "absence": N_("absence"),
    "reproduced": N_("reproduced"),
    "direction_only": N_("direction only"),
    "contradicted": N_("contradicted"),
    "not_tested": N_("not tested"),
    "not_measured": N_("not measured"),
}

in_use: list[Study] = []


def use_study(study: Study) -> None:
    """Speak of the groups of this study from now on, and forget those of the study adopted before."""
    in_use[:] = [study]


def groups_in_use() -> dict[str, Group]:
    """Return the groups that can be named: those of the study in use, and of the compendium's own."""
    own = in_use[0].groups if in_use else {}
    return {**_preset_groups(), **own}


@cache
def _preset_groups() -> Mapping[str, Group]:
    return load_study().groups


def experiment_label(experiment: str) -> str:
    """Return "Experiment 1" for the first of the study; of what spans all, that it does."""
    names = list(in_use[0].experiments if in_use else load_study().experiments)
    if experiment not in names:
        return tr("Both experiments") if experiment == "both" else experiment
    return tr("Experiment {n}", n=1 + names.index(experiment))


def group_label(group: str, *, short: bool = False) -> str:
    """Return the name of a group, long or short.

    Raises
    ------
    MgboneError
        If no study in use has the group.
    """
    found = groups_in_use().get(group)
    if found is None:
        raise MgboneError(
            tr(
                "The group {group!r} is not known; groups are {known}.",
                group=group,
                known=tr(", ").join(groups_in_use()),
            )
        )
    return either(found.short, found.short_ja) if short else either(found.label, found.label_ja)


def narrow_label(group: str) -> str:
    """Return the name of a group for narrow panels: the dose alone where there is one."""
    narrow = groups_in_use()[group].narrow_ja if current() == "ja" else ""
    return narrow or group_label(group, short=True).removesuffix("Mg").rstrip()


def contrast_label(contrast: str, *, short: bool = True) -> str:
    """Return ``case_vs_reference`` in words, such as "0.02 % Mg − Control"."""
    case, separator, reference = contrast.partition("_vs_")
    if not separator:
        return tr(_NOT_OF_GROUPS[contrast]) if contrast in _NOT_OF_GROUPS else contrast
    return tr(
        "{case} vs {reference}",
        case=group_label(case, short=short),
        reference=group_label(reference, short=short),
    )


_NOT_OF_GROUPS: Mapping[str, str] = {
    "dose_order": N_("Order of doses"),
    "dose_shape": N_("One way or peak"),
    "within_groups": N_("Within groups"),
}


def panel_name(contrast: str, panels: int = 1) -> str:
    """Return a contrast in words for the head of a panel, in two lines where many stand side by side."""
    name = contrast_label(contrast)
    if panels <= 3:
        return name
    case, separator, reference = name.partition(tr(" vs "))
    return f"{case}\n{separator.strip()} {reference}"


def format_p(p: float) -> str:
    """Write a p value exactly: ``p = 0.032``, ``p = 0.0004``, ``p = 1.2e-7``; ``not tested`` if missing."""
    number = format_p_value(p)
    if number.startswith("<"):
        return f"p {number}"
    return f"p = {number}" if number else "not tested"


def absence(smallest_bound: float, bound: float) -> str:
    """Say what a comparison without a finding excludes: what counts at all, what is larger, or nothing."""
    if smallest_bound <= bound:
        return SUPPORTED
    # Beyond a doubling nothing is excluded that a reader would have asked about.
    return BEYOND.format(percent=rounded_up(smallest_bound)) if smallest_bound < 100 else NOT_SHOWN


def rounded_up(percent: float) -> str:
    """Write the smallest difference that data exclude, in percent: a smaller number would claim too much."""
    return f"{math.ceil(10 * percent) / 10:g}" if math.isfinite(percent) else f"{percent:g}"


def absence_in_words(said: object) -> str:
    """Return what `absence` says in the language in use; nothing where it says nothing."""
    if not isinstance(said, str) or not said:
        return ""
    percent = re.search(r"[\d.]+", said)
    return tr(BEYOND, percent=percent.group()) if percent else tr(said)


def as_chance(p: float) -> str:
    """Write a chance in percent: 2.5 %, or nothing where it is missing."""
    return "" if math.isnan(p) else tr("{percent:.3g} %", percent=100 * p)


def chance_in_words(row: Mapping[str, object]) -> str:
    """Write the chance of a verdict where there is nothing to find; "at most" where theory gives a limit.

    Parameters
    ----------
    row : mapping
        Of verdicts.csv: p_without_effect, verdict, domain, level, value.
    """
    said, verdict = as_chance(number_of(row, "p_without_effect")), row.get("verdict")
    arrays = row.get("domain") == "microarray"
    # Of a stated mean the sign alone decides whether it is contradicted, which has an exact chance.
    exact = not arrays and (math.isnan(number_of(row, "value")) or verdict == "contradicted")
    if exact or not said:
        return said
    # What limits the chance of one verdict from above limits that of the others from below.
    above = (verdict == "reproduced") != (row.get("level") == "mixed")
    return tr(N_("at most {chance}") if above else N_("at least {chance}"), chance=said)


def certainty_in_words(row: Mapping[str, object], verdict: str) -> dict[str, str]:
    """Say how far a verdict can be trusted: three facts by what they are called, empty where not known.

    Parameters
    ----------
    row : mapping
        Of certainty.csv; empty where there is none. One of another verdict is of an older run.
    verdict : str
        The verdict of now.

    Returns
    -------
    dict of str to str
        How likely a new cohort gives the verdict again, and what it takes; how severely what was found was
        tested; how many of the analyses that can be defended give the verdict.
    """
    row = row if row.get("verdict") == verdict else {}
    severity = number_of(row, "severity")
    tested = "> 0.999" if severity > 0.9995 else f"{severity:.3f}"
    return {
        tr("Found again in a new cohort"): _again_in_words(row),
        tr("Severity of the test"): "" if math.isnan(severity) else tested,
        tr("The same in other analyses"): _share_in_words(row),
    }


def number_of(row: Mapping[str, object], key: str) -> float:
    """Return a number of a row of a table, whose cells may be text; NaN where it is missing."""
    cell = row.get(key)
    return math.nan if cell is None or cell == "" else float(cell)  # type: ignore[arg-type]


def _share_in_words(row: Mapping[str, object]) -> str:
    share, p = number_of(row, "share_of_specifications"), number_of(row, "joint_p")
    if math.isnan(share):
        return ""
    said = tr("{percent:.0f} %", percent=100 * share)
    return said if math.isnan(p) else said + tr("; all against permuted labels: p = {p}", p=format_p_value(p))


def _again_in_words(row: Mapping[str, object]) -> str:
    again, plugin, n = (number_of(row, key) for key in ("p_shrunken", "p_plugin", "n80"))
    if math.isnan(again):
        return ""
    said = tr("{again:.0f} % ({plugin:.0f} % if the truth is what was observed)", again=100 * again,
              plugin=100 * plugin)  # fmt: skip
    if math.isnan(n):
        return said
    if math.isinf(n):
        return said + tr("; no number of animals makes it 80 %")
    return said + tr("; {n:.0f} animals a group for 80 %", n=n)


def three_digits(number: float) -> str:
    """Write a number with three significant digits, a large one in full: ``0.123``, ``12.3``, ``12,346``."""
    return f"{number:,.0f}" if 999.5 <= abs(number) < 1e9 else f"{number:.3g}"


def format_p_value(p: float) -> str:
    """Write the number of :func:`format_p` alone; a missing one as an empty string."""
    if p is None or not math.isfinite(p):
        return ""
    if p >= 0.9995:
        return "1.000"
    if p >= 0.001:
        digits = 3
        # A p just below a threshold must not be rounded onto it: 0.0496 is not 0.050.
        while digits < 6 and any(p < limit <= round(p, digits) for limit in (0.05, 0.1)):
            digits += 1
        return f"{p:.{digits}f}"
    if p >= 0.0001:
        return f"{p:.4f}"
    if p == 0:  # below what a float holds
        return "< 0.001"
    mantissa, exponent = f"{p:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def level_mark(level: object) -> str:
    """Return ``*`` for significant, ``†`` for trend, otherwise nothing."""
    return LEVEL_MARKS.get(level, "") if isinstance(level, str) else ""


def not_measured(names: Sequence[str]) -> str:
    """Return "Not measured: ..." with the names of what is absent."""
    return tr("Not measured: {what}", what=tr(", ").join(names))
