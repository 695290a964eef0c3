"""Shared by all tests: no network, caches in a temporary folder, the real files where they are present."""

import os
import tempfile
from pathlib import Path

_home = tempfile.mkdtemp(prefix="iepile-tests-")
# Read once at import by the libraries, so they are set before any test module is.
os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=_home, HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
# The tests run in as many processes as there are cores; threads of torch beside them would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
