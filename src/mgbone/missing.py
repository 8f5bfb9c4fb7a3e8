"""What a dataset may lack, and how a notebook says so: the parts it needs, and what to do to add them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from mgbone.dataset import Dataset

_GROWTH = ("food_intake", "body_weight_initial", "body_weight_final")
_KEYS = [
    "animal_id",
    "structure",
    "region",
    "slice",
    "position",
    "thickness",
    "array_id",
    "file",
]  # where or what, not how much

FEWEST_ARRAYS = 3  # two in one group and one in another are the least that has a residual variance


@dataclass(frozen=True)
class Part:
    """One part of a dataset: what it is called and what brings it, in English and Japanese."""

    name: tuple[str, str]
    add: tuple[str, str]


PARTS: Mapping[str, Part] = {
    "growth": Part(
        ("intake or body weights", "摂食量・体重"),
        ("fill the columns food_intake and body_weight_... of the table animals",
         "animals表のfood_intakeとbody_weight_...の列に記入する"),
    ),
    "serum": Part(("serum", "血清"), ("add the table serum", "serum表を加える")),
    "urine": Part(("urine", "尿"), ("add the table urine", "urine表を加える")),
    "qct": Part(
        ("qCT (neither qct_slices nor qct_regions)", "qCT（qct_slices，qct_regionsとも）"),
        ("add the table qct_slices, or qct_regions", "qct_slices表またはqct_regions表を加える"),
    ),
    "arrays": Part(
        ("arrays that could be compared (three at least)", "比較できるマイクロアレイ（3枚以上）"),
        ("add the table arrays with the CEL files in cel/ and the chip's library files in platform/, or "
         "with a table of normalised expression",
         "arrays表と，cel/にCELファイル，platform/にライブラリファイルを置く"
         "（または正規化済みの発現量の表を置く）"),
    ),
}  # fmt: skip


def holds(dataset: Dataset, part: str) -> bool:
    """Return whether a dataset holds a part: a value that was measured, not only a file of blank cells.

    Parameters
    ----------
    part : str
        One of ``PARTS``.
    """
    if part == "growth":
        columns = [c for c in _GROWTH if c in dataset.animals]
        return bool(dataset.animals[columns].notna().to_numpy().any())
    if part == "arrays":
        normalised = dataset.expression_path is not None
        scans = bool(dataset.cel_paths) and dataset.platform_folder is not None
        return dataset.arrays is not None and len(dataset.arrays) >= FEWEST_ARRAYS and (normalised or scans)
    names = ("qct_slices", "qct_regions") if part == "qct" else (part,)
    tables = [getattr(dataset, name) for name in names]
    return any(t.drop(columns=_KEYS, errors="ignore").notna().any(axis=None) for t in tables if t is not None)


def absent_box(dataset: Dataset, parts: Iterable[str], *, ends: bool) -> str:
    """Return a box of HTML, in both languages, that says what a dataset lacks and how to add it.

    Parameters
    ----------
    parts : iterable of str
        What is lacking.
    ends : bool
        Whether the notebook has nothing at all to show; otherwise only some of it is left out.
    """
    lacking = [PARTS[part] for part in parts]
    names = [_join([part.name[i] for part in lacking], last) for i, last in enumerate((" and no ", "・"))]
    adds = [_join([part.add[i] for part in lacking], last) for i, last in enumerate((", or ", "，または"))]
    said = (
        ("This notebook has nothing to show and ends here.", "このノートブックはここで終わります。")
        if ends
        else ("What rests on it is left out below.", "これに基づく部分は以下では省かれます。")
    )
    make = "<code>make check</code>, <code>make all</code>"
    english = (
        f"This dataset ({dataset.name}) has no {names[0]}. {said[0]} "
        f"To add it: {adds[0]} (columns: data/README.md); then {make}."
    )
    japanese = (
        f"このデータセット（{dataset.name}）には{names[1]}がありません。{said[1]}"
        f"追加するには：{adds[1]}（列の説明：data/README.md）。その後 {make}。"
    )
    return box([english, japanese])


def box(sentences: Iterable[str]) -> str:
    """Return sentences in a frame of HTML, one a line; ``<code>`` is the only mark that they may hold."""
    body = "<br>".join(_html(text) for text in sentences)
    return f'<div style="border:2px solid #8a6d00;background:#fffbe8;padding:8px 12px">{body}</div>'


def _join(words: list[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    comma = "，" if "，" in last or last == "・" else ", "
    return comma.join(words[:-1]) + last + words[-1]


def _html(text: str) -> str:
    return escape(text, quote=False).replace("&lt;code&gt;", "<code>").replace("&lt;/code&gt;", "</code>")
