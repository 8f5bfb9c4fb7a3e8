"""What tests share: where things lie, and small datasets, runs and projects."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
R = ROOT / "tests" / "r"
SHARED = ROOT.parent / "shared"
