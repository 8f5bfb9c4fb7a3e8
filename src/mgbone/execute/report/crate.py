"""A run as a research object: inputs, notebooks, outputs and which made which, as an RO-Crate.

The crate is a folder that holds all that it describes, so that it can be packed and handed on: a description
beside files elsewhere would name folders of one machine, and go stale when they change. It follows RO-Crate
1.1 and, for the notebooks, the profile Process Run Crate 0.5: one CreateAction per notebook, whose instrument
is the notebook. When a notebook ran, and who ran it, is not recorded: the same run gives the same bytes.
"""

import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from rocrate.model import ContextEntity, Entity
from rocrate.rocrate import ROCrate

from mgbone.execute.report import provenance
from mgbone.execute.report.provenance import Layout, SourceFile, source_file
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, either, speaking, tr
from mgbone.study.naming import word
from mgbone.study.paths import project_root
from mgbone.study.places import of_language

RO_CRATE = "1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"  # has sha256
MIT = "https://spdx.org/licenses/MIT"

_SCRATCH = ".crate-"
_LONGEST = 3600  # seconds that packing may take, far more than it does

RATINGS = {"contradicted": 1, "direction_only": 2, "reproduced": 3}
"""Of a verdict as a ClaimReview; one that was not tested has no number."""

_TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
    ".yml": "application/yaml",
    ".md": "text/markdown",
    ".html": "text/html",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ipynb": "application/x-ipynb+json",
    ".toml": "application/toml",
    ".gz": "application/gzip",
    ".lock": "text/plain",
    ".txt": "text/plain",
    ".cff": "application/yaml",
}


def write_crate(layout: Layout, page: Path, target: Path) -> Path:
    """Pack a finished run with its page into the folder `target`, in place of what was there.

    Raises
    ------
    MgboneError
        If no notebook has run on the dataset.
    """
    if not layout.notebooks:
        said = N_("Nothing has run on {name} yet: make all {settings}")
        raise MgboneError(tr(said, name=layout.name, settings=layout.settings))
    with speaking(layout.language):
        crate = _Packer(layout, page).pack()
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_away(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=_SCRATCH) as scratch:
        whole = Path(scratch) / "crate"
        crate.write(whole)
        if target.exists():
            target.rename(Path(scratch) / "before")
        shutil.move(whole, target)
    return target


def _clear_away(folder: Path) -> None:
    """Remove what killed runs left, but nothing that another run may be writing."""
    for left in folder.glob(f"{_SCRATCH}*"):
        if time.time() - left.stat().st_mtime > _LONGEST:
            shutil.rmtree(left, ignore_errors=True)


@dataclass
class _Packer:
    """Gathers the entities of one crate; `pack` returns it."""

    layout: Layout
    page: Path
    crate: ROCrate = field(default_factory=lambda: ROCrate(version=RO_CRATE))
    files: dict[str, Entity] = field(default_factory=dict)

    def pack(self) -> ROCrate:
        layout = self.layout
        self.describe_root()
        self.dataset = self.add_dataset()
        values = {"dataset": f"data/{layout.name}", "language": layout.language}
        settings = [
            self.add(f"#parameter-{name}", "PropertyValue", name=name, value=value)
            for name, value in values.items()
        ]
        shared = {file.name: self.add_file(file) for file in layout.shared_files}
        software = self.add_software()
        outputs: list[Entity] = []
        for notebook in layout.notebooks:
            outputs += self.add_run(notebook, software, settings, shared)
        self.add_report(software, outputs, settings, shared)
        self.add_reviews(software)
        for name in ("CITATION.cff", "LICENSE", "pyproject.toml", "requirements.lock"):
            path = project_root() / name
            if path.is_file():
                self.add_file(source_file(path, name))
        return self.crate

    @property
    def title(self) -> str:
        """The title of the dataset in the language in use."""
        return either(self.layout.descriptor.title, self.layout.descriptor.title_ja)

    def add(self, identifier: str, kind: str | Sequence[str], /, **properties: Any) -> Entity:
        """Add what is no file."""
        said = {key: _one(value) for key, value in properties.items() if value not in (None, "", [])}
        return self.crate.add(ContextEntity(self.crate, identifier, properties={"@type": kind, **said}))

    def add_file(self, file: SourceFile, kind: Sequence[str] = ("File",), **properties: Any) -> Entity:
        """Add a file with its checksum, once."""
        if file.name not in self.files:
            said = {key: value for key, value in properties.items() if value is not None}
            known = {"encodingFormat": _TYPES.get(file.path.suffix.lower(), "application/octet-stream")}
            self.files[file.name] = self.crate.add_file(
                file.path,
                file.name,
                properties={
                    "@type": list(kind) if len(kind) > 1 else kind[0],
                    "name": said.pop("name", Path(file.name).name),
                    "contentSize": str(file.size),
                    "sha256": file.sha256,
                    **known,
                    **said,
                },
            )
        return self.files[file.name]

    def describe_root(self) -> None:
        layout, root = self.layout, self.crate.root_dataset
        self.crate.metadata.extra_contexts.append(CONTEXT)
        profile = self.add(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
        kind = tr("simulated data, no measurement") if layout.is_simulated else tr("measured data")
        cited = provenance.citation()
        said = N_("Inputs, notebooks, tables, figures and report of a run on the dataset {name} ({kind}).")
        self.crate.name = tr("Run of the mgbone compendium on {title} ({kind})", title=self.title, kind=kind)
        self.crate.description = tr(said, name=layout.name, kind=kind)
        root["conformsTo"] = profile
        root["datePublished"] = provenance.day_of_publication(layout.data_files)
        authors = enumerate(cited.get("authors", []), 1)
        root["author"] = _one([self.add_author(number, author) for number, author in authors])
        root["keywords"] = [*cited.get("keywords", []), kind]
        root["license"] = self.add(
            "#licences", "CreativeWork", name=tr("Several licences"),
            description=tr("Code, notebooks and texts: MIT. Ledger and drawn figures: CC0 1.0. Gene sets: "
                           "CC BY 4.0, Gene Ontology Consortium. The dataset: as its own entry says."),
        )  # fmt: skip
        self.add(MIT, "CreativeWork", name="MIT License", identifier=MIT)

    def add_author(self, number: int, author: dict[str, str]) -> Entity:
        if "name" in author:
            return self.add(
                f"#author-{number}", "Organization", name=author["name"], url=author.get("website")
            )
        name = f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()
        return self.add(author.get("orcid") or f"#author-{number}", "Person", name=name,
                        affiliation=author.get("affiliation"))  # fmt: skip

    def add_dataset(self) -> Entity:
        layout = self.layout
        licences = [self.add(entry.get("path") or f"#licence-{entry['name']}", "CreativeWork",
                             name=entry.get("title") or entry["name"])
                    for entry in provenance.dataset_licences(layout)]  # fmt: skip
        simulated = layout.is_simulated
        dataset = self.crate.add_dataset(
            dest_path=f"data/{layout.name}/",
            properties={
                "name": self.title,
                "description": tr("Simulated: drawn by a program, no animal stands behind these numbers.")
                if simulated
                else tr("Measured data, as the laboratory keeps them."),
            },
        )
        if licences:
            dataset["license"] = _one(licences)
        files = [self.add_file(file) for file in layout.data_files]
        dataset["hasPart"] = files
        if simulated:
            seed = self.add("#seed", "PropertyValue", name="seed", value=str(layout.descriptor.seed))
            program = self.add("#simulation", "SoftwareApplication", name="mgbone.simulate",
                               softwareVersion=provenance.project_version(),
                               description=tr("Draws datasets from a declared calibration."))  # fmt: skip
            drawn = self.add("#draw-data", "CreateAction",
                             name=tr("Drawing of the dataset {name}", name=layout.name),
                             description=f"python -m mgbone.simulate data/{layout.name}",
                             instrument=program, object=[seed], result=[dataset])  # fmt: skip
            self.mention(drawn)
        return dataset

    def add_software(self) -> Entity:
        state = provenance.commit()
        python = self.add("#python", "ComputerLanguage", name="Python", version=provenance.python_version(),
                          url="https://www.python.org/")  # fmt: skip
        needed = [
            self.add(f"#package-{package.name}", "SoftwareApplication", name=package.name,
                     softwareVersion=package.version or "unknown",
                     identifier=f"pkg:pypi/{package.name}@{package.version or ''}".rstrip("@"))
            for package in provenance.packages()
        ]  # fmt: skip
        about = [" ".join(str(provenance.citation().get("abstract", "")).split())]
        if state is not None:
            said = N_("Commit {id}, with changes not committed.") if state.changed else N_("Commit {id}.")
            about.append(tr(said, id=state.id))
        return self.add(
            "#mgbone", ["SoftwareApplication", "SoftwareSourceCode"], name="mgbone",
            description=" ".join(filter(None, about)),
            version=provenance.project_version(), license={"@id": MIT}, programmingLanguage=python,
            softwareRequirements=needed, identifier="" if state is None else state.id,
        )  # fmt: skip

    def add_run(
        self, notebook: str, software: Entity, settings: list[Entity], shared: dict[str, Entity]
    ) -> list[Entity]:
        """Add one notebook, what it read and what it wrote; return the latter."""
        layout, part = self.layout, notebook.partition("_")[2]
        stored = project_root() / "notebooks" / f"{notebook}.ipynb"
        instrument = software
        if stored.is_file():
            instrument = self.add_file(
                source_file(stored, f"notebooks/{stored.name}"), ("File", "SoftwareSourceCode"),
                name=tr("Notebook {name}", name=notebook), license={"@id": MIT},
                programmingLanguage={"@id": "#python"}, softwareRequirements=software,
                version=provenance.project_version(),
            )  # fmt: skip
        used = [self.files[file.name] for file in layout.raw_files_of(part)]
        used += [self.add_output(path) for path in layout.inputs(notebook)]
        used += [entity for name, entity in shared.items()
                 if part == "microarray" or not name.startswith("data/genesets/")]  # fmt: skip
        if not layout.raw_files_of(part) and not layout.inputs(notebook):
            used.append(self.dataset)
        written = [self.add_output(path) for path in layout.outputs(notebook)]
        executed = [layout.build / f"{notebook}{ending}" for ending in (".ipynb", ".html")]
        written += [self.add_output(path) for path in executed if path.is_file()]
        action = self.add(
            f"#run-{notebook}", "CreateAction",
            name=tr("Run of notebook {notebook} on {dataset}", notebook=notebook, dataset=layout.name),
            description=f"make all {layout.settings}",
            instrument=instrument, object=[*used, *settings], result=written,
        )  # fmt: skip
        self.mention(action)
        return written

    @property
    def inside(self) -> Path:
        """The folder of the dataset and language below figures/ and build/."""
        return of_language(Path(self.layout.name), self.layout.language)

    def add_output(self, path: Path) -> Entity:
        """Add a file that a notebook wrote, under the place that such files have in the project."""
        layout = self.layout
        places = {layout.figures: "figures", layout.derived: "data/derived", layout.lists: "data/derived"}
        place = places.get(path.parent, "build")
        folder = layout.derived.name if path.parent == layout.derived else self.inside.as_posix()
        licence = None
        if place == "figures" and layout.is_simulated:
            licence = {"@id": "https://creativecommons.org/publicdomain/zero/1.0/"}
        kinds = {"figures": tr("Figure"), "data/derived": tr("Table"), "build": tr("Executed notebook")}
        stamp = tr(" (simulated data)") if layout.is_simulated else ""
        return self.add_file(source_file(path, f"{place}/{folder}/{path.name}"),
                             name=f"{kinds[place]} {path.stem}{stamp}", license=licence)  # fmt: skip

    def add_report(
        self, software: Entity, outputs: Iterable[Entity], settings: list[Entity], shared: dict[str, Entity]
    ) -> None:
        page = self.add_file(source_file(self.page, f"build/{self.inside.as_posix()}/{self.page.name}"),
                             name=tr("Report on {title}", title=self.title))  # fmt: skip
        tables = ("evidence.csv", "verdicts.csv")
        used = [e for e in outputs if e.id.endswith(tables) or e.id.endswith((".svg", ".png"))]
        used += [entity for name, entity in shared.items() if name == "data/study.yml"]
        action = self.add("#run-report", "CreateAction",
                          name=tr("Writing of the report on {name}", name=self.layout.name),
                          description=f"make report {self.layout.settings}",
                          instrument=software, object=[*used, *settings], result=[page])  # fmt: skip
        self.mention(action)
        self.crate.mainEntity = page

    def add_reviews(self, software: Entity) -> None:
        """Add each statement as a Claim, and its verdict as a ClaimReview with a rating (schema.org)."""
        path = self.layout.derived / "verdicts.csv"
        if not path.is_file():
            return
        rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
        folder = f"data/derived/{self.layout.derived.name}"
        tables = [self.files[name] for name in (f"{folder}/verdicts.csv", f"{folder}/evidence.csv")
                  if name in self.files]  # fmt: skip
        ratings = {
            verdict: self.add(
                f"#rating-{verdict}", "Rating", alternateName=verdict.replace("_", " "),
                ratingValue=RATINGS.get(verdict), bestRating=max(RATINGS.values()),
                worstRating=min(RATINGS.values()),
            )
            for verdict in dict.fromkeys(row["verdict"] for row in rows)
        }  # fmt: skip
        said = tr("simulated data, no measurement") if self.layout.is_simulated else tr("measured data")
        for row in rows:
            claim = self.add(
                f"#claim-{row['claim_id']}", "Claim", name=tr("Statement {claim}", claim=row["claim_id"]),
                text=row["statement_en"], alternateName=row["statement_ja"],
            )  # fmt: skip
            review = self.add(
                f"#review-{row['claim_id']}", "ClaimReview",
                name=tr("Verdict on {claim} ({kind})", claim=row["claim_id"], kind=said),
                claimReviewed=either(row["statement_en"], row["statement_ja"]),
                itemReviewed=claim, author=software,
                reviewRating=ratings[row["verdict"]], isBasedOn=tables,
                reviewBody=tr("{verdict}; criteria met: {criteria}", verdict=word(row["verdict"]),
                              criteria=row["criteria"] or tr("none")),
            )  # fmt: skip
            self.mention(review)

    def mention(self, action: Entity) -> None:
        self.crate.root_dataset.append_to("mentions", action)


def _one(value: Any) -> Any:
    """Take a single value out of its list, as RO-Crate recommends."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
