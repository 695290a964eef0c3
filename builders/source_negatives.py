"""The hard negatives of a source: with its native label names, and with what people decided in a file beside it.

`builders/sources/<module>.negatives.yaml` (or `<file>.negatives.yaml` beside a module of one's own) overrules the
method, for all tasks of a source; every pair counts both ways:

    CoNLL2003:
      person:
        add: [organization]
        drop: [location]
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .errors import FormatError
from .hard_negatives import Finder
from .source import Source
from .tasks import get_task

_SOURCES = Path(__file__).parent / "sources"


def source_negatives(source: Source, task: str, **evidence: Any) -> Finder:
    """What finds, and explains, the hard negatives of one task of a source.

    Args:
        source: gives schema, language and native names.
        task: one of its tasks: RE or SPO, EE, EET or EEA.
        evidence: `kinds_of`, `records` or `confusions`, as `Finder` takes them; without any, the outcome depends on
            the source's module and the file beside it alone.

    Raises:
        FormatError: where that file is not as above, or names a label that the source has not.
    """
    return Finder(
        get_task(task), source.schema, source.language, native_names(source), by_hand=by_hand(source), **evidence
    )


def native_names(source: Source) -> dict[str, tuple[str, ...]]:
    """Label → the tags of the native files that stand for it."""
    found: dict[str, tuple[str, ...]] = {}
    for tag, name in source.labels.items():
        if name is not None:
            found[name] = (*found.get(name, ()), tag)
    return found


def by_hand(source: Source) -> dict[tuple[str, str], bool]:
    """(label, label) → whether the file beside the source's module wants the two linked."""
    path = override_file(source)
    if not path.exists():
        return {}
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise FormatError(f"{path}: not YAML ({error}).") from None
    return _decisions(data, source, path)


def override_file(source: Source) -> Path:
    """Where people overrule the method."""
    module = Path(source.module)
    folder = module.parent if module.suffix == ".py" else _SOURCES
    return folder / f"{module.stem}.negatives.yaml"


def _decisions(data: Any, source: Source, path: Path) -> dict[tuple[str, str], bool]:
    known = {name for name in source.labels.values() if name is not None}
    known |= {"_".join(triple) for triple in source.triples}
    labels = data.get(source.name) or {} if isinstance(data, Mapping) else None
    found: dict[tuple[str, str], bool] = {}
    try:
        for label, decision in labels.items():
            if unknown := set(decision) - {"add", "drop"}:
                raise FormatError(f"{path}: {label!r} has {unknown.pop()!r}; a label takes `add` and `drop`.")
            for verb, linked in (("add", True), ("drop", False)):
                for other in decision.get(verb, ()):
                    for name in (label, other):
                        if name not in known:
                            raise FormatError(f"{path}: {source.name} has no label {name!r}; mend the name.")
                    found[label, other] = linked
    except (AttributeError, TypeError):
        raise FormatError(
            f"{path}: not of the form `{source.name}: {{label: {{add: [labels], drop: [labels]}}}}`."
        ) from None
    return found
