"""What things are called: groups, contrasts, levels, tests and p values, in two languages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

from mgbone.study.design import Group, Study, load_study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.errors import MgboneError

# The report's order of argument.
AXES: Mapping[str, tuple[str, ...]] = {
    "intake": ("food_intake", "body_weight_gain"),
    "status": ("serum_mg",),
    "minerals": ("serum_ca", "serum_p"),
    "formation": ("serum_osteocalcin", "serum_alp"),
    "resorption": ("urine_ctx", "urine_dpd", "serum_pth"),
}


AXIS_NAMES: Mapping[str, tuple[str, str]] = {
    "intake": ("Intake, growth", "摂食・成長"),
    "status": ("Mg status", "Mg状態"),
    "minerals": ("Minerals", "ミネラル"),
    "formation": ("Formation", "骨形成"),
    "resorption": ("Resorption, PTH", "骨吸収・PTH"),
    "density": ("Density", "骨密度"),
    "transcriptome": ("Transcriptome", "遺伝子発現"),
}


def axis_of(endpoint: str) -> str:
    """Return the axis of the argument that an endpoint belongs to: status, minerals, formation and so on."""
    if endpoint.startswith("bmd_"):
        return "density"
    for axis, members in AXES.items():
        if endpoint in members:
            return axis
    return "transcriptome"


def row_label(endpoint: str, language: str) -> str:
    """Return the name of an endpoint beside others: densities by structure and region only."""
    return endpoint_label(endpoint, language, short=axis_of(endpoint) == "density")


# Colour and symbol say the same; in grey the colours differ by lightness (93, 86, 42, white with hatching).
VERDICTS: Mapping[str, tuple[str, str]] = {
    "reproduced": ("#dceee6", "✓"),
    "direction_only": ("#f4d58a", "≈"),
    "contradicted": ("#b23a2c", "✗"),
    "not_tested": ("#ffffff", "?"),
}


LANGUAGES = ("en", "ja")


SIMULATED = ("SIMULATED DATA", "シミュレーションデータ")


LEVEL_MARKS: Mapping[str, str] = {"significant": "*", "trend": "†"}


def text(content: str | Sequence[str] | Mapping[str, str], language: str = "en", **fields: object) -> str:
    """Return `content` in one language.

    Parameters
    ----------
    content : str, pair of str, or mapping
        A key of ``WORDS``, a pair (English, Japanese), or a mapping with ``en`` and ``ja``.
    language : {"en", "ja"}
    **fields
        Filled in by ``str.format``.

    Raises
    ------
    MgboneError
        If the language is not known, or a key is not in ``WORDS``.
    """
    if language not in LANGUAGES:
        raise MgboneError(f"The language {language!r} is not known; use {' or '.join(LANGUAGES)}.")
    if isinstance(content, str):
        if content not in WORDS:
            raise MgboneError(f"{content!r} is not in the catalogue; give a pair (English, Japanese).")
        content = WORDS[content]
    chosen = content[language] if isinstance(content, Mapping) else content[LANGUAGES.index(language)]
    return chosen.format(**fields) if fields else chosen


def say(content: str | Sequence[str] | Mapping[str, str], language: str = "en") -> str:
    """Return a string as it is, a pair or mapping in one language; for titles that a caller hands in."""
    return content if isinstance(content, str) else text(content, language)


def name_of_test(test: str, language: str = "en") -> str:
    """Return the name of a statistical test; one that has no Japanese name here stays as it is."""
    return text(_TESTS[test], language) if test in _TESTS else test


_TESTS: Mapping[str, tuple[str, str]] = {
    "one-way ANOVA, Tukey-Kramer": ("one-way ANOVA, Tukey-Kramer", "一元配置分散分析，Tukey-Kramer法"),
    "Student's t test": ("Student's t test", "Studentのt検定"),
    "Kruskal-Wallis on Gehan scores, Dunn with Holm": (
        "Dunn's test on Gehan scores (values below a limit hollow)",
        "Gehanスコアによる Dunn法（白抜き：検出限界未満）",
    ),
    "not tested": ("not tested", "検定なし"),
}


WORDS: Mapping[str, tuple[str, str]] = {
    "simulated": SIMULATED,
    "mean_sd": ("Dots: animals; bar: mean ± SD", "点：各個体，横線：平均値±標準偏差"),
    "n": ("n = {n}", "n = {n}"),
    "up": ("higher", "上昇"),
    "down": ("lower", "低下"),
    "none": ("no difference", "差なし"),
    "marks": ("* p < 0.05, † 0.05 ≤ p < 0.10", "* p < 0.05，† 0.05 ≤ p < 0.10"),
    "biochem": ("Biochemistry", "生化学"),
    "qct": ("Bone density (qCT)", "骨密度（qCT）"),
    "microarray": ("Gene expression", "遺伝子発現"),
    "integration": ("Integration", "統合"),
    "reproduced": ("reproduced", "再現"),
    "direction_only": ("direction only", "方向のみ一致"),
    "contradicted": ("contradicted", "不一致"),
    "not_tested": ("not tested", "検定なし"),
    "not_measured": ("not measured", "測定なし"),
}


_adopted: list[Study] = []


def adopt(study: Study) -> None:
    """Speak of the groups of this study from now on, and forget those of the study adopted before."""
    _adopted[:] = [study]


def groups_in_use() -> dict[str, Group]:
    """Return the groups that can be named: those of the study in use, and of the compendium's own."""
    own = _adopted[0].groups if _adopted else {}
    return {**_preset_groups(), **own}


@cache
def _preset_groups() -> Mapping[str, Group]:
    return load_study().groups


def group_label(group: str, language: str = "en", *, short: bool = False) -> str:
    """Return the name of a group, long or short.

    Raises
    ------
    MgboneError
        If no study in use has the group.
    """
    found = groups_in_use().get(group)
    if found is None:
        raise MgboneError(f"The group {group!r} is not known; groups are {', '.join(groups_in_use())}.")
    return text((found.short, found.short_ja) if short else (found.label, found.label_ja), language)


def narrow_label(group: str, language: str = "en") -> str:
    """Return the name of a group for narrow panels: the dose alone where there is one."""
    narrow = groups_in_use()[group].narrow_ja if language == "ja" else ""
    return narrow or group_label(group, language, short=True).removesuffix("Mg").rstrip()


def contrast_label(contrast: str, language: str = "en", *, short: bool = True) -> str:
    """Return ``case_vs_reference`` in words, such as "0.02 % Mg − Control"."""
    case, separator, reference = contrast.partition("_vs_")
    if not separator:
        return text(_NOT_OF_GROUPS[contrast], language) if contrast in _NOT_OF_GROUPS else contrast
    return text(
        ("{case} vs {reference}", "{case} 対 {reference}"),
        language,
        case=group_label(case, language, short=short),
        reference=group_label(reference, language, short=short),
    )


_NOT_OF_GROUPS: Mapping[str, tuple[str, str]] = {
    "dose_order": ("Order of doses", "用量の順序"),
    "dose_shape": ("One way or peak", "用量順か最大か"),
    "within_groups": ("Within groups", "群内の相関"),
}


def panel_name(contrast: str, language: str = "en", panels: int = 1) -> str:
    """Return a contrast in words for the head of a panel, in two lines where many stand side by side."""
    name = contrast_label(contrast, language)
    if panels <= 3:
        return name
    case, separator, reference = name.partition(" vs " if language == "en" else " 対 ")
    return f"{case}\n{separator.strip()} {reference}"


def format_p(p: float) -> str:
    """Write a p value exactly: ``p = 0.032``, ``p = 0.0004``, ``p = 1.2e-7``; ``not tested`` if missing."""
    number = format_p_value(p)
    return f"p = {number}" if number else "not tested"


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
    if p == 0:
        return "0"
    mantissa, exponent = f"{p:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def level_mark(level: object) -> str:
    """Return ``*`` for significant, ``†`` for trend, otherwise nothing."""
    return LEVEL_MARKS.get(level, "") if isinstance(level, str) else ""


def not_measured(names: Sequence[str], language: str = "en") -> str:
    """Return "Not measured: ..." with the names of what is absent."""
    comma = ", " if language == "en" else "，"
    return text(("Not measured: {what}", "測定なし：{what}"), language, what=comma.join(names))
