"""Files that people write in YAML, held against a JSON schema: every slip at once, each with its line.

Nothing in such a file may mean something else than it says. So YAML is read without what surprises: a name
that stands twice, ``no`` and ``on`` taken for truth values, dates, octal numbers, anchors and aliases.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer

from mgbone.study.language import N_, either, tr

MOST_BYTES = 1_000_000
"""Of such a file; the compendium's own is far smaller."""

Keys = tuple[str | int, ...]
"""Where something stands: ``("experiments", "exp1", "groups", 0)``."""

_TRAPS = re.compile(r"(?i:yes|no|on|off)|True|TRUE|False|FALSE")
_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)(\.\d*)?([eE][-+]?\d+)?|[-+]?\.\d+([eE][-+]?\d+)?")
_PLAIN = {"true": True, "false": False, "null": None, "~": None, "": None}
_KINDS = {
    "object": N_("entries 'name: value'"),
    "array": N_("a list in [ ]"),
    "string": N_("a text"),
    "number": N_("a number"),
    "integer": N_("a whole number"),
    "boolean": N_("true or false"),
}


@dataclass(frozen=True)
class Slip:
    """Something wrong in such a file; `str` gives the line that is shown."""

    line: int
    keys: Keys
    problem: str
    advice: str

    @property
    def where(self) -> str:
        """The line, and the entry by its names."""
        line = tr("line {number}", number=self.line)
        return line + (f", {'.'.join(map(str, self.keys))}" if self.keys else "")

    def __str__(self) -> str:
        return tr("{where}: {problem}. {advice}", where=self.where, problem=self.problem, advice=self.advice)


@dataclass
class Document:
    """A file as read.

    Attributes
    ----------
    content : mapping
    lines : dict
        Of each entry, by its keys.
    slips : list of Slip
    traps : dict of str to list of int
        Words that YAML takes for truth values, with the lines that they stand in.
    """

    content: Any = None
    lines: dict[Keys, int] = field(default_factory=dict)
    slips: list[Slip] = field(default_factory=list)
    traps: dict[str, list[int]] = field(default_factory=dict)

    def slip(self, keys: Keys, problem: str, advice: str) -> None:
        """Add what is wrong with an entry, in the line of the nearest entry that is there."""
        place = keys
        while place and place not in self.lines:
            place = place[:-1]
        self.slips.append(Slip(self.lines.get(place, 1), keys, problem, advice))


def read_document(path: Path, schema: str) -> Document:
    """Read a YAML file and hold it against a schema of ``study/schema``.

    Parameters
    ----------
    path : Path
    schema : str
        Name of the schema, as ``study`` or ``qct_mapping``.

    Raises
    ------
    OSError
        If the file can't be opened.
    """
    data = path.read_bytes()
    if (schema, data) in _sound:
        return deepcopy(_sound[schema, data])
    document = _read(data, schema)
    if not document.slips:
        _sound[schema, data] = deepcopy(document)
    return document


_sound: dict[tuple[str, bytes], Document] = {}
"""What was read without a slip, and so says the same in every language; the same file is read many times."""


def _read(data: bytes, schema: str) -> Document:
    document = Document()
    if len(data) > MOST_BYTES:
        document.slip((), tr("has {n:,} bytes", n=len(data)), tr("Is it the right file?"))
        return document
    try:
        root = yaml.compose(data.decode("utf-8-sig"), _Loader)
        document.content = _value(root, (), document) if root is not None else {}
        _report_traps(document)
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        document.slips.append(Slip(line, (), tr("is not UTF-8 text"), tr("Save it in the encoding UTF-8.")))
    except RecursionError:
        document.slip((), tr("is nested without end"), tr("Compare the template."))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        advice = tr(
            "Entries are 'name: value', brackets and quotation marks come in pairs, no tabs in front."
        )
        problem, advice = error.args if isinstance(error, _Refused) else (tr("a slip in the form"), advice)
        last = data.count(b"\n")  # libyaml sets what is missing at the end on a line behind it
        document.slips.append(Slip(min(mark.line, last) + 1 if mark else 1, (), problem, advice))
    if document.content is not None:
        _hold_against(document, schema)
    return document


# --- YAML without surprises --------------------------------------------------------------------------


class _Refused(yaml.YAMLError):
    """YAML that is not read here: problem and advice; `problem_mark` is its place."""


# libyaml is many times as fast; a PyYAML that was built without it reads the same.
_BASES = (Composer, yaml.CSafeLoader) if hasattr(yaml, "CSafeLoader") else (yaml.SafeLoader,)


class _Loader(*_BASES):
    """Takes a file apart without anchors and aliases, by which a few lines become millions."""

    __init__ = _BASES[-1].__init__

    def compose_node(self, parent: Any, index: Any) -> yaml.Node:
        """Refuse an entry that refers to another one."""
        event = self.peek_event()
        if getattr(event, "anchor", None) is not None:
            refused = _Refused(tr("has an anchor (&) or an alias (*)"), tr("Write the entry out."))
            refused.problem_mark = event.start_mark
            raise refused
        return super().compose_node(parent, index)


def _value(node: yaml.Node, keys: Keys, document: Document) -> Any:
    document.lines.setdefault(keys, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, (*keys, place), document) for place, one in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, keys, document)
    content: dict[str, Any] = {}
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            document.slip(keys, tr("has a list or entries in place of a name"), tr("Write 'name: value'."))
            continue
        key = str(name.value)
        here = (*keys, key)
        if key in content:
            line, problem = name.start_mark.line + 1, tr("stands a second time")
            document.slips.append(Slip(line, here, problem, tr("Delete one.")))
            continue
        document.lines[here] = name.start_mark.line + 1
        _scalar(name, here, document, name=True)
        content[key] = _value(value, here, document)
    return content


def _scalar(node: yaml.ScalarNode, keys: Keys, document: Document, name: bool = False) -> Any:
    """Return a text, number, truth value or None; one that YAML may take for something else is a slip."""
    text = node.value
    if node.style:  # in quotes, or a block of text
        return text
    if _TRAPS.fullmatch(text):
        document.traps.setdefault(text, []).append(node.start_mark.line + 1)
        return text
    if name:
        return text
    if text in _PLAIN:
        return _PLAIN[text]
    if _NUMBER.fullmatch(text) and len(text) <= 25:
        return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
    if node.tag.endswith((":int", ":float")):
        problem = tr("found {found}, which is no plain number", found=_shown(text))
        advice = tr('Write it as 10 or 0.5; a text goes in quotes: "{text}".', text=text[:20])
        document.slip(keys, problem, advice)
    return text


def _report_traps(document: Document) -> None:
    """Say once which names YAML takes for truth values, in all their places."""
    if not document.traps:
        return
    lines = sorted({line for of_word in document.traps.values() for line in of_word})
    words = tr(" and ").join(document.traps)
    also = tr(" (also in line {lines})", lines=tr(", ").join(map(str, lines[1:]))) if lines[1:] else ""
    quoted = tr(" and ").join(f'"{word}"' for word in document.traps)
    problem = tr("found {words}{also}, which YAML takes for truth values", words=words, also=also)
    advice = tr("Put names and texts of this kind in quotes: {quoted}.", quoted=quoted)
    document.slips.append(Slip(lines[0], (), problem, advice))


# --- the schema --------------------------------------------------------------------------------------


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    text = files("mgbone.study").joinpath("schema", f"{schema}.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _hold_against(document: Document, schema: str) -> None:
    said = {slip.keys for slip in document.slips}
    for error in _validator(schema).iter_errors(document.content):
        for keys, problem, advice in _sentences(error, tuple(error.absolute_path)):
            if keys not in said:
                document.slip(keys, problem, advice)


def _sentences(error: Any, keys: Keys) -> Iterator[tuple[Keys, str, str]]:
    """Say a fault of the schema in words: what was found, what is allowed, what to do."""
    rule, limit, found = error.validator, error.validator_value, error.instance
    allowed = either(error.schema.get("description", ""), error.schema.get("description_ja", ""))
    if rule == "required":  # each missing name comes as an error of its own
        name = next(name for name in limit if error.message.startswith(repr(name)))
        yield keys, tr("lacks the entry {name}", name=name), tr("Add it.")
    elif rule == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for name in [name for name in found if name not in known]:
            near = nearest_name(name, known)
            advice = is_it(near) or tr("Known are {names}.", names=tr(", ").join(known))
            yield (*keys, name), tr("is not known here"), advice
    elif "propertyNames" in error.schema_path:
        yield (*keys, found), _not_allowed(found, allowed), tr("Give it another name.")
    else:
        bounds = {
            "type": lambda: _kind(limit),
            "enum": lambda: tr(" or ").join(map(str, limit)),
            "minimum": lambda: tr("{limit} or more", limit=limit),
            "maximum": lambda: tr("{limit} or less", limit=limit),
            "exclusiveMinimum": lambda: tr("more than {limit}", limit=limit),
            "exclusiveMaximum": lambda: tr("less than {limit}", limit=limit),
            "minItems": lambda: tr("{limit} entries or more", limit=limit),
            "maxItems": lambda: tr("{limit} entries or fewer", limit=limit),
            "minProperties": lambda: tr("{limit} entry or more", limit=limit),
            "minLength": lambda: tr("a text that is not blank"),
            "uniqueItems": lambda: tr("each entry once"),
        }
        yield keys, _not_allowed(found, allowed or bounds[rule]()), tr("Correct it.")


def _not_allowed(found: object, allowed: str) -> str:
    return tr("found {found}, allowed is {allowed}", found=_shown(found), allowed=allowed)


def _kind(kinds: str | list[str]) -> str:
    return tr(" or ").join(
        tr(_KINDS.get(kind, kind)) for kind in ([kinds] if isinstance(kinds, str) else kinds)
    )


def _shown(found: object) -> str:
    text = (
        tr("nothing", "a value")
        if found is None
        else str(found).lower()
        if isinstance(found, bool)
        else repr(found)
    )
    return text if len(text) <= 60 else f"{text[:57]}..."


def nearest_name(name: str, known: Mapping[str, Any] | list[str]) -> str | None:
    """Return the known name that comes closest to `name`, or None."""
    found = get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def is_it(near: str | None) -> str:
    """Return the advice to write the nearest name; nothing where no name is near."""
    return tr("Is it {name}?", name=near) if near else ""
