"""The same bytes on every x86-64 processor: figures drawn as an older or a newer one would."""

import os
import platform
import subprocess
import sys

import pytest
from helpers import ROOT
from numpy._core._multiarray_umath import __cpu_baseline__, __cpu_dispatch__, __cpu_features__

KERNELS = ("Haswell", "Sandybridge", "Nehalem")
SCRIPT = ROOT / "tests" / "helpers" / "draw_on_this_processor.py"


def drawn(folder, **surroundings):
    """Draw in a process of its own; return the checksums that it prints."""
    folder.mkdir()
    known = {k: v for k, v in os.environ.items() if not k.startswith(("NPY_", "OPENBLAS_CORE"))}
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env={**known, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", **surroundings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="kernels of another processor")
def test_figures_do_not_depend_on_what_the_processor_can_do(tmp_path):
    can = [f for f in __cpu_dispatch__ if __cpu_features__.get(f) and f not in __cpu_baseline__]
    here = drawn(tmp_path / "here")
    assert len(here.splitlines()) == 7
    plain = drawn(tmp_path / "plain", NPY_DISABLE_CPU_FEATURES=" ".join(can), OPENBLAS_CORETYPE=KERNELS[-1])
    assert plain == here
    for kernel in KERNELS[:-1]:
        assert drawn(tmp_path / kernel, OPENBLAS_CORETYPE=kernel) == here, kernel
