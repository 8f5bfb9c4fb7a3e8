"""Let the fuzz tests use the helpers of the tests above them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
