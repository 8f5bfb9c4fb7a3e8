"""What a notebook holds on to: its dataset, the study, and where its figures and tables go."""

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import NoReturn

import pandas as pd
from IPython.display import HTML, Image, Markdown, display
from matplotlib.figure import Figure

from mgbone.dataset.opening import Dataset, ledger_of, open_dataset
from mgbone.dataset.parts import PARTS, has_part
from mgbone.evidence.columns import EVIDENCE_COLUMNS, MEASUREMENT_COLUMNS
from mgbone.figures.save import said, save_figure
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.errors import MgboneError, NothingToShow
from mgbone.study.language import N_, either, tr, use_language
from mgbone.study.paths import write_aside, write_table
from mgbone.study.places import Settings, of_language, relative


def absent_box(dataset: Dataset, parts: Iterable[str], *, ends: bool) -> str:
    """Return a box of HTML that says what a dataset lacks and how to add it.

    Parameters
    ----------
    parts : iterable of str
        What is lacking.
    ends : bool
        Whether the notebook has nothing at all to show; otherwise only some of it is left out.
    """
    lacking = [PARTS[part] for part in parts]
    said = tr(
        "This dataset ({name}) has no {parts}. {rest} To add it: {adds} (columns: data/README.md); "
        "then {make}.",
        name=dataset.name,
        parts=_join([tr(part.name) for part in lacking], tr(" and no ")),
        rest=tr("This notebook has nothing to show and ends here.")
        if ends
        else tr("What rests on it is left out below."),
        adds=_join([tr(part.add) for part in lacking], tr(", or ")),
        make="<code>make check</code>, <code>make all</code>",
    )
    return box(said)


def box(sentence: str) -> str:
    """Return a sentence in a frame of HTML; ``<code>`` is the only mark that it may hold."""
    return (
        f'<div style="border:2px solid #8a6d00;background:#fffbe8;padding:8px 12px">{_html(sentence)}</div>'
    )


def _join(words: list[str], last: str) -> str:
    return last.join(filter(None, [tr(", ").join(words[:-1]), words[-1]]))


def _html(text: str) -> str:
    return escape(text, quote=False).replace("&lt;code&gt;", "<code>").replace("&lt;/code&gt;", "</code>")


@dataclass
class Run:
    """One execution of one notebook on one dataset; made by `open_run`."""

    notebook: str
    dataset: Dataset
    figures_folder: Path
    derived_folder: Path
    language: str
    outputs: list[Path] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)

    @property
    def study(self) -> Study:
        """The design that the dataset follows."""
        return self.dataset.study

    @property
    def stamp(self) -> str | None:
        """What every figure of this dataset must carry: its label if it is simulated, otherwise nothing."""
        return self.dataset.label if self.dataset.is_simulated else None

    def require(self, *parts: str) -> None:
        """Say which of `parts` the dataset lacks; go on if it holds one of them, otherwise end the notebook.

        A notebook that ends so has written its list of outputs and its tables without rows, so that those
        after it go on with what there is.

        Parameters
        ----------
        *parts : str
            Of `mgbone.dataset.parts.PARTS`.

        Raises
        ------
        NothingToShow
            If the dataset holds none of them.
        """
        lacking = [part for part in parts if not has_part(self.dataset, part)]
        ends = len(lacking) == len(parts)
        if lacking:
            display(HTML(absent_box(self.dataset, lacking, ends=ends)))
        if ends:
            self._end()

    def end(self, why: str, evidence: pd.DataFrame | None = None) -> None:
        """Say in a box why the notebook can't go on, and end it here as `require` does.

        Parameters
        ----------
        why : str
            The reason, in a sentence.
        evidence : DataFrame, optional
            What there is of evidence, such as rows that were not tested.

        Raises
        ------
        NothingToShow
            Always.
        """
        display(HTML(box(tr(why))))
        self._end(evidence)

    def _end(self, evidence: pd.DataFrame | None = None) -> NoReturn:
        part = self.notebook.partition("_")[2]
        empty = {
            f"evidence_{part}": [*EVIDENCE_COLUMNS, "figure"],
            f"measurements_{part}": MEASUREMENT_COLUMNS,
            f"tests_{part}": ["experiment", "endpoint", "contrast", "test", "p", "test_run"],
        }
        if evidence is not None:
            self.write(evidence.assign(figure=None), f"evidence_{part}")
        for name, columns in empty.items():
            if self.derived_folder / f"{name}.csv" not in self.outputs:
                self.write(pd.DataFrame(columns=columns), name)
        self.finish()
        raise NothingToShow(tr("The notebook ends here."))

    def ledger(self, domain: str | None = None) -> pd.DataFrame:
        """Return the statements to hold the data against, of one domain if named; see `claims.ledger_of`."""
        statements = ledger_of(self.dataset)
        return statements if domain is None else statements[statements["domain"] == domain]

    def show(self, figure: Figure, name: str) -> None:
        """Stamp a figure if the data are simulated, save it as PNG and SVG, and display it."""
        written = save_figure(figure, self.figures_folder, name, stamp=self.stamp)
        self.outputs += written
        parts = [*said(figure).values(), *([self.stamp] if self.stamp else [])]
        shows = tr("; ", "between sentences").join(parts)
        display(Image(data=written[0].read_bytes(), width=round(96 * figure.get_figwidth()), alt=shows))

    def show_tables(self, tables: Mapping[str, pd.DataFrame], name: str, notes: Sequence[str] = ()) -> None:
        """Display tables with their notes, and write them as ``<name>.xlsx`` beside the derived tables.

        The workbook has a sheet per table, and is stamped if the data are simulated. It holds words, so those
        of two languages lie apart. Without a table, it is said that there is none.
        """
        if not tables:
            display(Markdown(tr("*Nothing was measured that a table could show.*")))
            return
        from mgbone.execute.workbook import write_workbook  # openpyxl takes time to load

        path = of_language(self.derived_folder, self.language) / f"{name}.xlsx"
        write_workbook(tables, path, notes, self.stamp)
        self.outputs.append(path)
        display(*tables.values(), Markdown("\n\n".join(notes)))

    def write(self, table: pd.DataFrame, name: str) -> None:
        """Write a table as ``<name>.csv`` into the folder of derived tables, whole or not at all."""
        path = self.derived_folder / f"{name}.csv"
        write_table(table, path)
        self.outputs.append(path)

    def read(self, name: str) -> pd.DataFrame:
        """Read a derived table that an earlier notebook wrote.

        Raises
        ------
        MgboneError
            If it is not there.
        """
        path = self.derived_folder / f"{name}.csv"
        if not path.is_file():
            said = N_("{file} is not there yet: run the notebooks before {notebook} first (`make all`).")
            raise MgboneError(tr(said, file=path.name, notebook=self.notebook))
        if path not in self.inputs:
            self.inputs.append(path)
        return pd.read_csv(
            path, dtype={"claim_id": str, "section": str}, keep_default_na=False, na_values=[""]
        )

    def read_control(self) -> pd.DataFrame | None:
        """Read the evidence of the dataset without effect, which make had written; None where there is none.

        A dataset with a study.yml of its own has no control: make writes none for it, and one that lies there
        may be of another day.
        """
        path = self.derived_folder.parent / "null" / "control_evidence.csv"
        if (self.dataset.path / "study.yml").is_file() or not path.is_file():
            return None
        self.inputs.append(path)
        return pd.read_csv(path, keep_default_na=False, na_values=[""])

    def link_figures(self, evidence: pd.DataFrame, figures: dict[str, list[str]]) -> pd.DataFrame:
        """Add the column `figure`: the picture that shows each row, as ``<dataset>/<name>.png``.

        Parameters
        ----------
        figures : dict
            Endpoints that each figure of this run shows, by the figure's name.

        Raises
        ------
        MgboneError
            If a figure was not drawn in this run, or an endpoint has none.
        """
        drawn = {path.stem for path in self.outputs if path.suffix == ".png"}
        if absent := sorted(set(figures) - drawn):
            said = N_("{notebook} names the figure {figure}, which it did not draw.")
            raise MgboneError(tr(said, notebook=self.notebook, figure=absent[0]))
        of_endpoint = {endpoint: name for name, endpoints in figures.items() for endpoint in endpoints}
        if bare := sorted(set(evidence["endpoint"]) - set(of_endpoint)):
            said = N_("{notebook} shows {endpoint} in no figure.")
            raise MgboneError(tr(said, notebook=self.notebook, endpoint=bare[0]))
        return evidence.assign(
            figure=[f"{self.dataset.name}/{of_endpoint[e]}.png" for e in evidence["endpoint"]]
        )

    def finish(self) -> Markdown:
        """Write the lists of tables read and of outputs beside the derived tables; say how many outputs."""
        lists = of_language(self.derived_folder, self.language)
        for name, paths in (("inputs", self.inputs), ("outputs", self.outputs)):
            with write_aside(lists / f"{self.notebook}.{name}.txt") as aside:
                aside.write_text("".join(f"{relative(path)}\n" for path in paths), encoding="utf-8")
        figures = [path for path in self.outputs if path.suffix == ".png"]
        tables = [path for path in self.outputs if path.suffix == ".csv"]
        return Markdown(
            tr("Written: figures (PNG and SVG): {figures}, tables: {tables}.",
               figures=len(figures), tables=len(tables))
        )  # fmt: skip


def open_run(
    notebook: str,
    dataset: str | Path,
    figures_folder: str | Path = Settings.figures_folder,
    derived_folder: str | Path = Settings.derived_folder,
    language: str = Settings.language,
) -> Run:
    """Open and validate a dataset for a notebook and say at once what kind of data it is.

    Relative paths count from the project's folder, so the working folder does not matter. Outputs go to
    subfolders named after the dataset.

    Raises
    ------
    DatasetError
        If the dataset has faults; nothing has been written then.
    MgboneError
        If the language is neither ``en`` nor ``ja``.
    """
    use_language(language)
    places = Settings(dataset, figures_folder, derived_folder, language=language)
    run = Run(notebook, open_dataset(places.data), places.figures, places.derived, language)
    naming.use_study(run.study)
    gc.set_threshold(20_000)  # drawing makes many short-lived objects, beside all that is imported
    pd.set_option("display.max_colwidth", None)  # a statement of the ledger is there to be read to its end
    display(HTML(_banner(run)))
    return run


def _banner(run: Run) -> str:
    dataset, study = run.dataset, run.study
    design = ""
    if not study.follows_report:
        said = tr(
            "Groups and comparisons are those of its own study.yml: {title}. Text that names other groups or "
            "doses, or the report, is about the compendium's own study.",
            title=either(study.title, study.title_ja),
        )
        design = f'<div style="font-weight:normal">{escape(said)}</div>'
    colour = "#b00020" if dataset.is_simulated else "#1b5e20"
    kind = tr("SIMULATED DATA, no measurement") if dataset.is_simulated else tr("Measured data")
    title = either(dataset.title, dataset.title_ja)
    said = tr("{kind}: {title} ({name})", kind=kind, title=escape(title), name=f"<code>{dataset.name}</code>")
    style = f"border:2px solid {colour};padding:8px 12px;font-weight:bold;color:{colour}"
    return f'<div style="{style}">{said}{design}</div>'
