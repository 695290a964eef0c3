"""The hard negatives of a source: with its native label names, and with what people decided in a file beside it.

`builders/sources/<module>.negatives.yaml` (or `<file>.negatives.yaml` beside a module of one's own) overrules the
method, for all tasks of a source; every pair counts both ways:

    CoNLL2003:
      person:
        add: [organization]
        drop: [location]
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml

from .digests import digest, file_digest
from .errors import FormatError
from .hard_negatives import Finder
from .source import Source, load_sources
from .tasks import Option, Schema, get_task

_SOURCES = Path(__file__).parent / "sources"
_CODE = ("hard_negatives.py", "label_signals.py", "label_encoders.py", "clusters.py", "kinds.py", "kinds.yaml",
         "mentions.py", "tasks.py")  # fmt: skip


def source_negatives(source: Source, task: str, **evidence: Any) -> Finder:
    """What finds, and explains, the hard negatives of one task of a source.

    Args:
        source: gives schema and native names.
        task: one of its tasks: RE or SPO, EE, EET or EEA.
        evidence: `kinds_of`, `records` or `confusions`, as `Finder` takes them; without any, the outcome depends on
            the source's module and the file beside it alone.

    Raises:
        FormatError: where that file is not as above, or names a label that the source has not.
    """
    known = source.native or source
    return Finder(get_task(task), source.schema, native_names(known), by_hand=by_hand(known), **evidence)


def schema_negatives(task: str, schema: Schema, language: str, **evidence: Any) -> Finder:
    """The same for a schema of one's own; what it leaves unsaid is taken from the source that is most like it.

    A bare list of labels names no types, roles or hierarchy. Where one of our sources has at least half of them, what
    that source declares of these is used.
    """
    named = {get_task(task).key(option) for option in get_task(task).options(schema)}
    family = get_task(task).family
    alike = [s for s in load_sources().values() if s.language == language and get_task(s.task).family == family]
    shared = {source.name: len(named & set(native_names(source))) for source in alike}
    nearest = max(alike, key=lambda source: (shared[source.name], source.name), default=None)
    if nearest is None or shared[nearest.name] * 2 < len(named):
        return Finder(get_task(task), schema, **evidence)
    known = nearest.schema
    triples = schema.triples or tuple(t for t in known.triples if t.predicate in named)
    roles = {name: given or known.event_types.get(name, ()) for name, given in schema.event_types.items()}
    completed = replace(schema, triples=triples, event_types=roles)
    native = {name: tags for name, tags in native_names(nearest).items() if name in named}
    return Finder(get_task(task), completed, native, **evidence)


def cached(finder: Finder, folder: Path, *evidence: str) -> dict[Option, tuple[Option, ...]]:
    """The finder's negatives, kept in `folder` under the digest of all that they depend on.

    Args:
        finder: what finds them, if no file holds them yet.
        folder: made where there is none; a file in it that cannot be read is made anew.
        evidence: what stands for the finder's `kinds_of` and `records`: the encoder's name, the digest of a file.
    """
    schema, options = finder.schema, finder.task.options(finder.schema)
    key = digest(
        _code_digest(),
        [finder.task.name, [*finder.without], [*evidence]],
        [schema.entity_types, schema.relations, schema.triples],
        [list(schema.event_types.items()), list(schema.attributes.items())],
        *([repr(sorted(part.items())) for part in (finder.native, finder.by_hand, finder.confusions)]),
    )
    path = folder / f"{finder.task.name}-{key}.json"
    try:
        rows = orjson.loads(path.read_bytes())
        return {option: tuple(options[j] for j in row) for option, row in zip(options, rows, strict=True)}
    except (OSError, ValueError, IndexError, TypeError):
        pass  # none yet, or a broken one
    places = {option: place for place, option in enumerate(options)}
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(orjson.dumps([[places[other] for other in finder.negatives[option]] for option in options]))
    part.replace(path)
    return finder.negatives


@cache
def _code_digest() -> str:
    return file_digest([Path(__file__).parent / name for name in _CODE])


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
    return override_of(module if module.suffix == ".py" else _SOURCES / module)


def override_of(module: Path) -> Path:
    """The same for a module, by its path; its suffix may be left out."""
    return module.with_name(f"{module.stem}.negatives.yaml")


def _decisions(data: Any, source: Source, path: Path) -> dict[tuple[str, str], bool]:
    known = {*source.label_names, *map("_".join, source.triples)}
    found: dict[tuple[str, str], bool] = {}
    try:
        for label, decision in (data.get(source.name) or {}).items():
            if unknown := sorted(decision.keys() - {"add", "drop"}):
                raise FormatError(f"{path}: {label!r} has {unknown[0]!r}; a label takes `add` and `drop`.")
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
