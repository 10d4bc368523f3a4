"""Where the project is, and the build under test (TASKLANE_BUILD)."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("TASKLANE_BUILD", PROJECT / "build/release")).resolve()
