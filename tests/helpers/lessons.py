"""What the exercises of a notebook find when they run: the tables that its cells before them make."""

from types import SimpleNamespace

from helpers import ROOT

import mgbone as mg
from mgbone import biochem, qct


def namespace(stem):
    """Return the names that the exercises of a notebook read, with values made from the shipped data."""
    dataset = mg.open_dataset(ROOT / "data" / "simulated")
    of = {"01_biochem": _biochem, "02_qct": _qct}[stem]
    return {"study": dataset.study, "run": SimpleNamespace(dataset=dataset), **of(dataset, dataset.study)}


def _biochem(dataset, study):
    measurements = biochem.derive_endpoints(dataset)
    found = mg.evidence.compare(measurements, study)
    return {
        "measurements": measurements,
        "found": found,
        "weighed": mg.evidence.weigh_absence(measurements, found),
        "choices": mg.evidence.compare_tests(measurements, study, found),
    }


def _qct(dataset, study):
    measurements = qct.regional_density(dataset, study)
    found = mg.evidence.compare(measurements, study)
    return {
        "measurements": measurements,
        "plain": qct.mean_slice_density(dataset, study),
        "found": found,
        "cells": qct.percent_differences(found, measurements),
        "tests": qct.profile_tests(qct.profiles(dataset, study), study),
    }
