"""Suites that are asked otherwise than by default: modules of sources that `iepile build --variant` adds."""

from pathlib import Path


def variants() -> dict[str, Path]:
    """Name → module, by name."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("[!_]*.py"))}
