"""IEPile: placeholder; the command line and the loading script come next."""

from pathlib import Path

__path__ = [str(Path(__file__).parent)]
