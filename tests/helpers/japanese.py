"""Japanese texts of the project, and how much of one is in Latin letters."""

import csv
import gzip
import html
import re
from functools import cache

import yaml
from babel.messages.pofile import read_po

from helpers import ROOT
from mgbone.study.language import CATALOGUES

# What a Japanese paper writes in Latin letters, too: people, methods, units, symbols.
NAMES = set(
    re.findall(
        r"\w+",
        """
        Barbie Benjamini Berger Bonferroni Bouxsein Creedon Debian Dunn Dunnett Games Gehan Hedges
        Hochberg Holm Howell Irizarry Jeffreys Jonckheere Kendall Kramer Kruskal Latheta Lite Mack Mann
        Najam Olkin Pearson Piepho Rand Rouder Smyth Storey Student Subramanian Terpstra Tukey Wallis
        Welch Westfall Whitney Wistar Wolfe Young Gene Ontology et al doi and mmol nmol day log limma
        camera moderated mean robust multi array average median polish relative expression unscaled
        standard error single sample fold change set intersection union
        """,
    )
)


def texts():
    """Yield every Japanese text that a reader may see, with where it stands."""
    for name in CATALOGUES:
        with (ROOT / "src/mgbone/study/locale" / name).open("rb") as stream:
            for message in read_po(stream):
                if message.id:
                    yield f"{name}: {message.context or message.id}", message.string
    data = (ROOT / f"data/{name}.yml" for name in ("study", "glossary"))
    for path in [*data, *(ROOT / "src/mgbone/study/schema").glob("*.json")]:
        yield from _fields(path.name, yaml.safe_load(path.read_text(encoding="utf-8")))
    for path in (ROOT / "data/report").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                yield from _fields(path.name, row)
    for name in (
        "README.ja.md",
        *(f"src/mgbone/dataset/lab/new/{n}" for n in ("HOWTO.md", "qct_mapping.yml")),
    ):
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
            yield f"{name}, line {number}", line


def _fields(where, value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and str(key).endswith("_ja"):
                yield f"{where}: {key}", inner
            elif key != "synonyms":
                yield from _fields(where, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(where, inner)


def terms():
    """Return the glossary."""
    return yaml.safe_load((ROOT / "data/glossary.yml").read_text(encoding="utf-8"))["terms"]


def shown(cell):
    """Return what a reader sees of an executed cell but its code: prose, or outputs as text."""
    if cell.cell_type == "markdown":
        return re.sub(r"`[^`]*`|<[^>]*>|\]\([^)]*\)", " ", cell.source)
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        text = data.get("text/markdown") or data.get("text/html") or output.get("text", "")
        text = output.get("metadata", {}).get("image/png", {}).get("alt", text)
        code = r"<style.*?</style>|<code>.*?</code>|<[^>]*>|`[^`]*`"
        parts.append(html.unescape(re.sub(code, " ", text, flags=re.S)))
    return " ".join(parts)


def latin_share(text):
    """Return the share of Latin letters among all letters of a text, names and symbols aside."""
    text = re.sub(
        r"https?://\S+|10\.\d+/\S+|[\w./-]+\.(?:csv|yml|md|gz|html)|\"[^\"]*\"", " ", text, flags=re.ASCII
    )
    for name in _term_names():
        text = text.replace(name, " ")
    words = re.findall(r"[A-Za-zµ]+(?:[-_]?[A-Za-z0-9]+)*", text)
    latin = sum(len(word) for word in words if not _is_name(word))
    japanese = len(re.findall(r"[ぁ-んァ-ヶー一-龠々]", text))
    return latin / (latin + japanese) if latin + japanese else 0.0


def _is_name(word):
    parts = word.split("-")
    return bool(re.search(r"\d|_", word)) or all(p in NAMES or len(p) < 3 or p.isupper() for p in parts)


@cache
def _term_names():
    """Return the names of gene sets, the longest first: they are data."""
    with gzip.open(ROOT / "data/genesets/go_bp.gmt.gz", "rt", encoding="utf-8") as stream:
        names = {part for line in stream for part in line.rstrip("\n").split("\t")[:2]}
    return sorted((name for name in names if " " in name or len(name) > 5), key=len, reverse=True)
