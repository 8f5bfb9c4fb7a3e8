"""`mg.explore()` in a real JupyterLab: the explorer stands in the notebook, and works there."""

import json
import re

import pytest
from helpers.chromium import CHROMIUM, Browser, enter
from helpers.explored_run import explored_run
from helpers.jupyterlab import jupyterlab, write_notebook

import mgbone as mg

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)"),
]
IDLE = "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
OUTPUT = "document.querySelector('.jp-OutputArea-output')"
# What JupyterLab says of itself on a busy machine, and Chromium of the frame in which JupyterLab shows files.
OTHERS = re.compile(r"to activate\.|Blocked script execution in 'blob:|can escape its sandboxing")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("研究 1")
    with pytest.MonkeyPatch.context() as monkeypatch:
        run = explored_run(folder, monkeypatch, n_genes=3000)
    names = ("figures_folder", "derived_folder", "build_folder")
    folders = {name: str(getattr(run, name)) for name in names}
    call = f"import mgbone as mg\nmg.explore({str(run.dataset)!r}, **{folders!r})"
    write_notebook(folder / "notebooks" / "look.ipynb", call)
    shown = {"output_type": "display_data", "metadata": {}, "data": {"text/html": explorer_of(run, folders)}}
    path = write_notebook(folder / "notebooks" / "taken.ipynb", call)
    taken = json.loads(path.read_text(encoding="utf-8"))
    taken["cells"][0]["outputs"] = [shown]
    path.write_text(json.dumps(taken), encoding="utf-8")
    with jupyterlab(folder) as address:
        yield address


def explorer_of(run, folders):
    """What `mg.explore` gave in the notebook of somebody else."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(run.build_folder.parent / "notebooks")
        return mg.explore(run.dataset, **folders).data


@pytest.fixture
def browser(tmp_path_factory, lab):
    opened = Browser(tmp_path_factory.mktemp("browser"), 1400, 1000)
    yield opened
    opened.close()


def complaints(browser, lab):
    return [said for said in browser.complaints() if not (said.startswith(lab) or OTHERS.search(said))]


def open_notebook(browser, lab, name):
    browser.open(f"{lab}/lab/tree/notebooks/{name}")
    browser.wait("window.jupyterapp?.shell?.currentWidget?.context?.isReady", 90)
    browser.wait(IDLE, 90)


def test_the_explorer_stands_in_the_notebook_and_works_there(browser, lab):
    open_notebook(browser, lab, "look.ipynb")
    browser.run("jupyterapp.commands.execute('notebook:run-all-cells').then(() => 1)")
    browser.wait(f"!!{OUTPUT}?.querySelector('iframe')", 90)
    with browser.frame("explorer.html"):
        browser.wait("document.body?.dataset.ready", 60)
        assert browser.run("document.querySelector('.strip').textContent") == "simulated data"
        enter(browser, "#search", "osteocalcin")
        assert browser.run("document.querySelector('#gene-table tbody tr').cells[0].textContent") == "Bglap"
        browser.wait("document.querySelector('#gene-animals').children.length")
        # Downloads are forbidden to a file in a frame of JupyterLab: picture and table are shown instead.
        browser.run("document.querySelector('#genes [data-view=genes][data-export=png]').click()")
        browser.wait("document.querySelectorAll('#offer[open] img').length === 2")
        assert browser.wait("document.querySelector('#offered img').naturalWidth") > 300
        browser.run("document.querySelector('#close').click()")
        browser.run("document.querySelector('#genes [data-view=genes][data-export=csv]').click()")
        table = browser.wait("document.querySelector('#offer[open] textarea')?.value")
        assert "# simulated data" in table and "Bglap," in table
    assert complaints(browser, lab) == []


def test_an_untrusted_notebook_keeps_a_link_that_opens_the_explorer_beside_it(browser, lab):
    open_notebook(browser, lab, "taken.ipynb")
    link = f"{OUTPUT}?.querySelector('a[href*=\"explorer.html\"]')"
    browser.wait(f"!!{link}")
    assert browser.run(f"{OUTPUT}.querySelector('iframe')") is None
    browser.run(f"{link}.click()")
    browser.wait("!!document.querySelector('.jp-HTMLViewer iframe')")
    inside = "document.querySelector('.jp-HTMLViewer iframe').contentDocument"
    browser.wait(f"{inside}.querySelector('noscript')?.textContent.includes('Trust HTML')")
    browser.run("jupyterapp.commands.execute('htmlviewer:trust-html').then(() => 1)")
    browser.wait(f"{inside}.body?.dataset.ready", 60)
    browser.run(f"{inside}.querySelector('#genes [data-view=genes][data-export=svg]').click()")
    browser.wait(f"{inside}.querySelectorAll('#offer[open] img').length === 2")
    assert complaints(browser, lab) == []
