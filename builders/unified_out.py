"""Records in the layout that the authors of IEPile publish, written so that `published.py` reads them again.

Beside what the published files have, a record keeps its `id` and its offsets: then a build from this layout makes the
same rows as the build that wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .errors import IEPileError
from .published import SCHEMA_FILE, SPLIT_FILES
from .reading import Reading
from .shards import Job
from .source import Source
from .tasks import get_task, to_json


def check_empty(out: Path) -> None:
    """What is there already may be a release that was downloaded, so nothing is replaced.

    Raises:
        IEPileError: where `out` is a file, or a folder with something in it.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise IEPileError(f"{out} is there already; name a new folder with --unified-out.")


def split_path(source: Source, split: str) -> Path:
    """Where a split stands in the layout, by the name that published tools know the source by."""
    return Path(f"IE-{source.language}", source.task, source.key or source.name, SPLIT_FILES[split])


def write_split(job: Job) -> int:
    """Write the records of one split to the job's target, none where all were set aside; returns their number."""
    job.target.parent.mkdir(parents=True, exist_ok=True)
    reading = Reading(job)
    family = get_task(reading.source.task).family
    with job.target.open("w", encoding="utf-8") as file:
        for record in reading:
            annotated = record.to_dict()[family]
            file.write(to_json({"id": record.id, "text": record.text, family: annotated}) + "\n")
    if not reading.counts["kept"]:
        job.target.unlink()
    return reading.counts["kept"]


def write_schemas(root: Path, sources: Iterable[Source]) -> None:
    """The three lines beside the records of each source."""
    for source in sources:
        folder = (root / split_path(source, "test")).parent
        if folder.is_dir():
            lines = "".join(to_json(line) + "\n" for line in _schema(source))
            (folder / SCHEMA_FILE).write_text(lines, encoding="utf-8")


def _schema(source: Source) -> tuple[list[str], list[str], dict[str, list[str]]]:
    schema = source.schema
    if source.task == "NER":
        return list(schema.entity_types), [], {}
    if source.task == "RE":
        attributes = {name: list(names) for name, names in schema.attributes.items()}
        return ["_".join(triple) for triple in schema.triples], list(schema.relations), attributes
    roles = {name: list(roles) for name, roles in schema.event_types.items()}
    return list(roles), list(dict.fromkeys(role for names in roles.values() for role in names)), roles
