"""What Sphinx lacks: anchors as notebooks make them, a search in Japanese, a security policy."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.search import SearchLanguage, languages

from mgbone.course.glossary import slug
from mgbone.execute.policy import with_policy
from mgbone.study.language import N_, tr

# Words of the theme that it does not hand to a catalogue.
_OF_THEME = (
    N_("Skip to content"),
    N_("Back to top"),
    N_("On this page"),
    N_("Toggle site navigation sidebar"),
    N_("Toggle table of contents sidebar"),
    N_("Toggle Light / Dark / Auto color theme"),
)
_JAPANESE = (
    r"\u3005\u3041-\u3093\u30a1-\u30fc\u4e00-\u9fa0"  # signs as expressions name them in both languages
)


class Japanese(SearchLanguage):
    """Japanese as pairs of signs: a word is found wherever it stands, without a dictionary."""

    lang = "ja"
    language_name = "Japanese"
    js_splitter_code = r"""
const words = /[JA]+|(?:(?![JA])[\p{Letter}\p{Number}_])+/gu;
var splitQuery = (query) => (query.match(words) || []).flatMap((part) =>
  /[JA]/.test(part) && part.length > 2
    ? Array.from({length: part.length - 1}, (_, i) => part.slice(i, i + 2)) : [part]);
""".replace("JA", _JAPANESE)

    def split(self, text: str) -> list[str]:
        """Return words of other scripts, and every sign and pair of signs of Japanese."""
        words = []
        for part in re.findall(rf"[{_JAPANESE}]+|[^\W{_JAPANESE}]+", text):
            if re.match(f"[{_JAPANESE}]", part):
                words += [*part, *(part[i : i + 2] for i in range(len(part) - 1))]
            else:
                words.append(part)
        return words


def setup(app: Sphinx) -> dict[str, bool]:
    """Join a build: what Sphinx calls of an extension."""
    languages["ja"] = Japanese
    app.connect("doctree-read", _keep_anchors)
    app.connect("build-finished", _finish_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _keep_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Give each section the anchor that links in outputs use, beside Sphinx' own."""
    for section in doctree.findall(nodes.section):
        anchor = slug(section.next_node(nodes.title).astext())
        if anchor not in section["ids"]:
            section["ids"].append(anchor)


def _without_eval(outdir: Path) -> None:
    """Take from the theme's scripts how many forms a plural has, which they would evaluate out of a text."""
    path = outdir / "_static" / "doctools.js"
    script, found = re.subn(
        r"new Function\(\s*\"n\",\s*`return [^`]*`,?\s*\)", "(n) => 0", path.read_text(encoding="utf-8")
    )
    if not found:
        raise ExtensionError(tr("doctools.js reads plurals in another way: look at its addTranslations."))
    path.write_text(script, encoding="utf-8")


def _finish_pages(app: Sphinx, error: Exception | None) -> None:
    if error:
        return
    _without_eval(Path(app.outdir))
    # The search page holds nothing out of a dataset, so that what scripts stand in it are the theme's.
    search = (Path(app.outdir) / "search.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", search, re.S)
    for path in Path(app.outdir).glob("*.html"):
        page = path.read_text(encoding="utf-8")
        if "Content-Security-Policy" in page:  # a page that was taken in as it is
            continue
        for words in _OF_THEME:
            page = page.replace(words, tr(words))
        path.write_text(with_policy(page, *scripts, own_files=True), encoding="utf-8")
