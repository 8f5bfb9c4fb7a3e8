"""The glossary: terms linked where a notebook uses them first, and a page that explains them."""

import re
from dataclasses import dataclass, field
from functools import cache

import nbformat
import yaml

from mgbone.course.exercises import text_notebook
from mgbone.study.language import current, either, tr
from mgbone.study.paths import project_root

GLOSSARY = "glossary"
"""The stem of the notebook that `glossary_notebook` returns."""

_SCRIPTS = ("[A-Za-z0-9_-]", "[一-龠々]", "[ァ-ヶー]")
# Where no link may stand: code, lines of HTML, links, tags, headings, formulas, stressed words (a star beside
# a link may close nothing).
_LEFT_ALONE = re.compile(
    r"```.*?```|^<[^\n]*$|`[^`]*`|!?\[[^\]]*\]\([^)]*\)|<summary>.*?</summary>|<[^>]+>|^#.*?$|\$[^$\n]+\$|https?://\S+|\*+[^*]+\*+",
    re.S | re.M,
)
_STRESSED = re.compile(r"\*+([^*]+?)\*+")


@dataclass(frozen=True)
class Term:
    """One entry of ``data/glossary.yml``.

    Attributes
    ----------
    en, ja : str
        Its names; what stands in brackets is left out of headings and links.
    reading : str
        Of the Japanese name, in kana.
    means, means_ja : str
        What it is, in a sentence.
    find, find_ja : tuple of str
        How texts write it, if not by its name.
    unless, unless_ja : tuple of str
        Phrases in which it means something else.
    """

    en: str
    ja: str
    reading: str
    means: str
    means_ja: str
    find: tuple[str, ...] = ()
    find_ja: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    unless_ja: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the language in use, without what stands in brackets."""
        return re.sub(r" *[(（].*$", "", either(self.en, self.ja))

    @property
    def anchor(self) -> str:
        """Of its heading: as nbconvert, JupyterLab and the site make it."""
        return anchor_of(self.name)

    @property
    def spellings(self) -> tuple[str, ...]:
        """What to look for in texts of the language in use."""
        return (self.find_ja if current() == "ja" else self.find) or (self.name,)

    @property
    def not_meant(self) -> tuple[str, ...]:
        """What to pass over in texts of the language in use."""
        return self.unless_ja if current() == "ja" else self.unless


@dataclass
class Uses:
    """Where terms were linked first, notebook by notebook; filled by `link_terms`."""

    places: dict[Term, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, term: Term, notebook: str, heading: str) -> None:
        """Note that a notebook uses a term first below a heading."""
        self.places.setdefault(term, []).append((notebook, heading))


def slug(heading: str) -> str:
    """Return the anchor that a heading gets in JupyterLab, in nbconvert's pages and in those of the site."""
    return re.sub(r"[`*]", "", heading).replace(" ", "-")


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading as a link in Markdown can hold it."""
    return slug(heading).replace("(", "%28").replace(")", "%29")


@cache
def load_terms() -> tuple[Term, ...]:
    """Read the terms, in the order of the file."""
    told = yaml.safe_load((project_root() / "data" / "glossary.yml").read_text(encoding="utf-8"))["terms"]
    fields = Term.__dataclass_fields__
    return tuple(
        Term(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items() if k in fields})
        for entry in told
    )


def link_terms(notebook: nbformat.NotebookNode, stem: str, uses: Uses | None = None) -> nbformat.NotebookNode:
    """Link each term, where the prose of a notebook uses it first, to its entry in the glossary; in place.

    Parameters
    ----------
    notebook : NotebookNode
        With prose in the language in use.
    stem : str
        Its name without ending.
    uses : Uses, optional
        Is told where.
    """
    pattern, of_spelling = _pattern(current())
    linked: set[Term] = set()
    heading = stem

    def link(found: re.Match) -> str:
        term = of_spelling[_spelling(found[0])]
        if term is None or term in linked or (stem == GLOSSARY and heading == term.name):
            return found[0]
        linked.add(term)
        if uses is not None:
            uses.add(term, stem, heading)
        return f"[{found[0]}]({GLOSSARY}.ipynb#{term.anchor})"

    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        parts, end = [], 0
        for skipped in _LEFT_ALONE.finditer(cell.source):
            text, stressed = skipped[0], _STRESSED.fullmatch(skipped[0])
            if stressed and pattern.fullmatch(stressed[1]):
                text = pattern.sub(link, stressed[1]).replace(f"[{stressed[1]}]", f"[{text}]")
            parts += [pattern.sub(link, cell.source[end : skipped.start()]), text]
            end = skipped.end()
            if text.startswith("#"):
                heading = text.lstrip("#").strip()
        cell.source = "".join([*parts, pattern.sub(link, cell.source[end:])])
    return notebook


@cache
def _pattern(language: str) -> tuple[re.Pattern, dict[str, Term | None]]:
    """Return what finds all terms, the longest first, and the term of each spelling, None if not meant."""
    spellings = {s: term for term in load_terms() for s in term.spellings}
    spellings |= {s: None for term in load_terms() for s in term.not_meant}
    plural = "" if language == "ja" else "s?"
    found = [
        _not_within(s[0], "<") + _in_its_case(s).replace(r"\ ", r"\s+") + plural + _not_within(s[-1], "")
        for s in sorted(spellings, key=len, reverse=True)
    ]
    return re.compile("|".join(found), re.I), {_spelling(s): term for s, term in spellings.items()}


def _in_its_case(spelling: str) -> str:
    """Return the pattern of a spelling; an abbreviation of a letter or two is one in its own case alone."""
    return f"(?-i:{re.escape(spelling)})" if len(spelling) < 3 else re.escape(spelling)


def _spelling(text: str) -> str:
    """Return a spelling without regard to case, line breaks and a plural s."""
    return re.sub(r"(?<=..)s$", "", " ".join(text.lower().split()))


def _not_within(sign: str, behind: str) -> str:
    """Return what keeps a spelling from being found within a longer word: no sign of its script beside it."""
    script = next((script for script in _SCRIPTS if re.match(script, sign)), None)
    return f"(?{behind}!{script})" if script else ""


def glossary_notebook(uses: Uses) -> nbformat.NotebookNode:
    """Return the glossary as a notebook without code, in the language in use.

    Terms stand in the order of the alphabet, in Japanese in that of their reading; below each stand the
    headings under which it is used first.

    `uses` comes from `link_terms`.
    """
    about = tr("What the words of these notebooks mean, and where each is used first.")
    cells = {"title": f"# {tr('Glossary')}\n\n{about}"}
    key = (lambda term: term.reading) if current() == "ja" else (lambda term: term.name.lower())
    for term in sorted(load_terms(), key=key):
        other = f"{term.ja}（{term.reading}）" if current() == "en" else f"{term.reading}　{term.en}"
        names = f"**{either(term.en, term.ja)}** · {other}"
        said = [f"## {term.name}", names, either(term.means, term.means_ja)]
        if places := uses.places.get(term):
            said.append(tr("Used in: {links}", links=tr("; ").join(_link(*place) for place in places)))
        cells[re.sub(r"[^a-z0-9]+", "-", term.en.lower()).strip("-")] = "\n\n".join(said)
    return text_notebook(cells)


def _link(stem: str, heading: str) -> str:
    number = stem.partition("_")[0]
    shown = heading if heading.startswith(number) else f"{number} · {heading}"
    return f"[{shown}]({stem}.ipynb#{anchor_of(heading)})"
