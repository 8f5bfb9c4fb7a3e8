"""What the exercises of a notebook find when they run: the tables that its cells before them make."""

import mgbone as mg
from helpers import ROOT
from mgbone import biochem


def namespace(stem):
    """Return the names that the exercises of a notebook read, with values made from the shipped data."""
    return {"01_biochem": _biochem}[stem]()


def _biochem():
    dataset = mg.open_dataset(ROOT / "data" / "simulated")
    study = dataset.study
    measurements = biochem.derive_endpoints(dataset)
    found = mg.evidence.compare(measurements, study)
    weighed = mg.evidence.weigh_absence(measurements, found)
    choices = mg.evidence.compare_tests(measurements, study, found)
    return {
        "study": study,
        "measurements": measurements,
        "found": found,
        "weighed": weighed,
        "choices": choices,
    }
