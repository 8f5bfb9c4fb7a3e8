"""What is asked of pages in a real browser, and of their links and pictures."""

import re
from html import unescape
from urllib.parse import unquote, urlsplit

# Every text with less contrast than it needs (WCAG 2: 4.5, large text 3), with its colours.
CONTRAST = """(() => {
  const parse = (c) => { const n = c.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1] };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3])).concat(1);
  const background = (e) => {
    if (!e) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(e).backgroundColor);
    return own[3] === 1 ? own : over(own, background(e.parentElement));
  };
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = {};
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
    const style = getComputedStyle(e);
    if (!text || !e.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const below = background(e), [a, b] = [light(over(parse(style.color), below)), light(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), bold = style.fontWeight >= 700;
    if (ratio < (size >= 24 || (bold && size >= 18.66) ? 3 : 4.5))
      found[`${style.color} on ${below.map(Math.round)}`] = `${ratio.toFixed(2)}: ${text.slice(0, 40)}`;
  }
  return found;
})()"""

NAMELESS = """[...document.querySelectorAll("a[href], button, input, summary")]
  .filter((e) => e.checkVisibility() && !(e.textContent.trim() || e.ariaLabel || e.placeholder
    || e.title || e.querySelector("img[alt]"))).map((e) => e.outerHTML.slice(0, 200))"""

TOO_WIDE = """[...document.querySelectorAll("table")]
  .filter((t) => t.getBoundingClientRect().right > innerWidth + 1).map((t) => t.rows[0].textContent)"""


def broken_links(folder):
    """Return links of the pages of a folder that lead to no file or no place."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))}
    ids = {path: set(map(unescape, re.findall(r'\bid="([^"]*)"', page))) for path, page in pages.items()}
    broken = []
    for path, page in pages.items():
        if path.name in ("report.html", "explorer.html"):
            continue  # pages of a run, which are tested as such
        for link in map(unescape, re.findall(r'<a\b[^>]*?\bhref="([^"]*)"', page)):
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme or link == "#":
                continue
            places = {"", *ids.get(target, {parts.fragment})}
            if not target.is_file() or not places & {parts.fragment, unquote(parts.fragment)}:
                broken.append((path.name, link))
    return broken


def pictures(page):
    """Return the alternative text and the link of every picture of a page."""
    found = re.findall(r'(?:<a\b[^>]*href="([^"]*)"[^>]*>\s*)?<img\b([^>]*)>', page)
    return [(unescape((re.search(r'alt="([^"]*)"', rest) or [None, ""])[1]), link) for link, rest in found]
