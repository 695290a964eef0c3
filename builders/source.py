"""A source: all that is known of one published corpus, in one object; and how the sources are found."""

from __future__ import annotations

import importlib.util
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, cached_property, partial
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from random import Random
from types import ModuleType

from .errors import FormatError, IEPileError, LabelError
from .readers.unified import read_unified_schema
from .records import Argument, Entity, Event, Record, Rejected, Relation
from .tasks import Schema, Triple
from .variants import variants

SPLITS = ("train", "validation", "test", "zero_shot")
HELD_OUT_SPLITS = ("test", "zero_shot")
SAMPLES = Path(__file__).parent / "samples"

Reader = Callable[[Path], Iterator[Record | Rejected]]


@dataclass(frozen=True)
class File:
    """One native file (or folder) of a source.

    `url` is that of the file, or of an archive that holds it; `size` and `sha256` are those of what lies there.
    `path` is how its path below the source's folder ends; each part may hold `*`, and `.` is that folder itself.
    Several spellings are tried in order. `rows` is for splits that are cut in order from one file. `documents` is for
    splits that are lists of documents: it picks those of this split from the folder found, and the reader gets each
    in turn; where it picks none, the split is not present.
    """

    path: str | tuple[str, ...]
    url: str = ""
    size: int | None = None  # bytes
    sha256: str = ""
    tried: bool = False  # whether anyone has fetched the URL
    rows: tuple[int, int | None] = (0, None)  # the first of its records, and the one behind the last
    documents: Callable[[Path], Sequence[Path]] | None = None
    beside: bool = False  # the reader of another file of the split opens it, and gets it not by itself

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.path,) if isinstance(self.path, str) else self.path

    def find(self, folder: Path) -> Path | None:
        """The file below `folder`, the shallowest where several fit.

        Raises:
            IEPileError: where two fit equally well.
        """
        located = self.locate(folder)
        return located[0] if located else None

    def locate(self, folder: Path) -> tuple[Path, Sequence[Path]] | None:
        """The file or folder as `find` gives it, and what of it the reader gets.

        Raises:
            IEPileError: where two fit equally well.
        """
        for spelling in self.spellings:
            matches = [folder] if spelling == "." else folder.rglob(spelling)
            found = sorted(matches, key=lambda p: (len(p.parts), p))
            if len(found) > 1 and len(found[0].parts) == len(found[1].parts):
                raise IEPileError(
                    f"{found[0]} and {found[1]} both could be the file {spelling!r}; move one of them away."
                )
            if found and (twin := found[0] / found[0].name).is_file():
                found = [twin]  # a folder named as the file in it, as some archives unpack
            documents = self.documents(found[0]) if found and self.documents else found[:1]
            if documents:
                return found[0], documents
        return None


@dataclass(frozen=True, eq=False)  # one object a source, so identity is equality, and it can be a key
class Source:
    """One published corpus, or one part of it.

    `labels` maps each tag of the native files to its name in plain words, None for a tag that is left out; the order
    of the names is the declared order of the schema. Without any, those of a published `schema.json` hold. For
    relations, `triples` gives the types of head and tail, in published names, and `types` maps the native types to
    them; `attributes` maps entity types to those relations that are their attributes, where KG is to be asked too. For
    events, `roles` maps the name of each type to the names of its roles, and `role_names` maps native roles,
    or `<native type>.<native role>` where one role means different things, to those names where they differ, None for
    a role that is left out. `role_values` lists the values of a role that is enumerated: such an argument is a class
    and need not stand in the text. Where no type has a role, no argument is asked for.

    `files` maps a split to its files. `carve` takes shares of `train`, by the digest of the text so that a text never
    moves, for splits without a file of their own. `folders` are names, beside `name`, that its folder below the raw
    folder may have. `unseen` is for zero-shot suites that ask for some relations only: how many, and a seed to draw
    them with. `complementary` says that records which share a text complete one another (one event or one pair each),
    so that a build joins them: what one of them leaves out is no mistake of an answer.
    """

    name: str
    task: str  # NER, RE or EE
    language: str  # en or zh
    domain: str
    licence: str
    redistribute: str  # yes, share-alike, non-commercial, agreement or unstated
    citation: str
    homepage: str
    access: str  # how to come by the files, in a sentence
    files: Mapping[str, Sequence[File]]
    read: Reader
    labels: Mapping[str, str | None]
    triples: tuple[Triple, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    role_names: Mapping[str, str | None] = field(default_factory=dict)
    role_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    carve: Mapping[str, float] = field(default_factory=dict)
    unpublished: tuple[str, ...] = ()  # carved splits that the published corpus lacks; its profile has none either
    published_files: Mapping[str, Sequence[File]] = field(default_factory=dict)  # what its profile reads where it can
    folders: tuple[str, ...] = ()
    unseen: tuple[int, int] | None = None
    complementary: bool = False
    owner: str = ""  # with whom to agree, where `redistribute` is `agreement`
    sizes: Mapping[str, int] = field(default_factory=dict)  # split → records in its full files, as published
    key: str = ""  # the name that the published dictionaries use
    module: str = ""  # set by `load_sources`
    home: Path | None = None  # the folder of a source that was made from one (`published.py`)
    native: Source | None = None  # the source that it is the published form of

    @property
    def label_names(self) -> tuple[str, ...]:
        """What its native labels are called, each name once, in the declared order."""
        return tuple(dict.fromkeys(name for name in self.labels.values() if name is not None))

    @property
    def schema(self) -> Schema:
        """All that may be asked of this source."""
        names = self.label_names
        if self.task == "NER":
            return Schema(entity_types=names)
        if self.task == "RE":
            return Schema(relations=names, triples=self.triples, attributes=self.attributes)
        return Schema(event_types={name: self.roles[name] for name in names}, role_values=self.role_values)

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(split for split in SPLITS if split in self.files or split in self.carve)

    @property
    def obtained(self) -> str:
        """How its files are come by: fetch, by agreement, by hand, or published layout where none native is known."""
        if not self.labels:
            return "published layout"
        if self.redistribute == "agreement":
            return "by agreement"
        return "fetch" if all(file.url for files in self.files.values() for file in files) else "by hand"

    @property
    def place(self) -> str:
        """The folder below the raw folder where its files are put; parts of one corpus share theirs."""
        return next((name for name in self.folders if self.name.startswith(f"{name}_")), self.name)

    @property
    def wanted(self) -> str:
        """A sentence that says which files belong into the source's folder, and how to come by them."""
        files = dict.fromkeys(file.spellings[0] for files in self.files.values() for file in files)
        return f"it takes {', '.join(files)}. {self.access}"

    @property
    def sample(self) -> Path:
        """The folder of our own toy files in this source's native format; it stands in for `folder`."""
        return SAMPLES / self.module

    def folder(self, raw: Path) -> Path | None:
        """This source's folder: named as the source, in `raw` or up to two folders below it (language, task)."""
        if self.home:
            return self.home
        names = {n.lower() for n in (self.name, *self.folders)}
        for pattern in ("*", "*/*", "*/*/*"):
            found = sorted(p for p in raw.glob(pattern) if p.is_dir() and p.name.lower() in names)
            if found:
                return found[0]
        return None

    def find(self, folder: Path) -> dict[str, list[Path]]:
        """Split → its native files below this source's folder, for the splits of which every file is present.

        A split that has none, and is carved from `train`, has those of `train`.
        """
        located = {split: self._locate(folder, split) for split in self.files}
        found = {split: [path for _, path, _ in files] for split, files in located.items() if files}
        if "train" in found:
            found = dict.fromkeys(self.carve, found["train"]) | found
        return {split: found[split] for split in self.splits if split in found}

    def at(self, folder: Path, published: bool = False) -> Source:
        """This source as the files below its folder decide it: labels that they list, or that are drawn from them.

        With `published`, splits that the published corpus lacks are not carved, and the files are those that it was
        made from, where all splits that are present are present as these.

        Raises:
            FormatError: where its labels stand in a `schema.json` that is missing or malformed.
        """
        if published and (self.unpublished or self.published_files):
            carve = {split: share for split, share in self.carve.items() if split not in self.unpublished}
            source = replace(self, carve=carve, files=self.published_files or self.files)
            whole = set(self.find(folder)) - set(self.unpublished) <= set(source.find(folder))
            return (source if whole else replace(source, files=self.files)).at(folder)
        if not self.labels:
            return self._with_listed_labels(folder)
        return self if self.unseen is None else self._with_drawn_labels(folder, *self.unseen)

    def _with_listed_labels(self, folder: Path) -> Source:
        path = min(folder.rglob("schema.json"), key=lambda p: (len(p.parts), p), default=folder / "schema.json")
        if not path.is_file():
            raise FormatError(f"{path}:1: this file of {self.name}'s labels is missing; put it beside the others.")
        schema = read_unified_schema(path)
        triples = tuple(Triple(*triple) for triple in schema.triples) if self.task == "RE" else ()
        names = {
            "NER": schema.types,
            "RE": schema.relations or tuple(triple.predicate for triple in triples),
            "EE": (*schema.types, *schema.roles),
        }[self.task]
        if not names:
            raise FormatError(f"{path}:1: this schema lists nothing for {self.task}; mend the file.")
        labels = {name: name for name in names}
        if self.task == "EE":
            return replace(self, labels=labels, roles={name: schema.roles.get(name, ()) for name in names})
        return replace(self, labels=labels, triples=triples, attributes=schema.roles if self.task == "RE" else {})

    def _with_drawn_labels(self, folder: Path, m: int, seed: int) -> Source:
        """With m of the relations that the files hold, and only the records that have one of these.

        The draw is that of RelationPrompt, whose files hold drawn relations already: a sample of the sorted names.
        """
        items = (item for paths in self.find(folder).values() for path in paths for item in self.read(path))
        records = (item for item in items if isinstance(item, Record))
        names = {self._label(r.relation, record) for record in records for r in record.relation} - {None}
        drawn = Random(seed).sample(sorted(map(str, names)), min(m, len(names)))
        labels = {tag: name for tag, name in self.labels.items() if name in drawn}
        return replace(self, labels=labels, read=partial(_only, self.read, labels), unseen=None)

    def records(self, folder: Path, split: str) -> Iterator[Record | Rejected]:
        """Read one split of the native files below this source's folder, labels in their published names.

        Raises:
            FormatError: where a file cannot be read at all, or none of its records can.
            LabelError: where a label has no name.
        """
        if not self.labels:
            yield from self.at(folder).records(folder, split)
            return
        located, home = self._locate(folder, split), split
        if not located:
            located, home = self._locate(folder, "train"), "train"
        carved = {s: share for s, share in self.carve.items() if home == "train" and not self._locate(folder, s)}
        if not located or (home != split and split not in carved):
            raise IEPileError(f"The files of {self.name} ({split}) are not in {folder}; {self.wanted}")
        number, prefix = 0, f"{self.name}/{split}/"
        for file, path, documents in located:
            if file.beside:
                continue
            read = chain.from_iterable(self.read(document) for document in documents)
            for item in _stretch(_some_record(read, path), file.rows):
                if isinstance(item, Rejected):
                    if split == home:  # told once, where several splits are carved from one file
                        yield item
                elif carved and _share(item.text, carved) != split:
                    continue
                else:
                    if item.event:
                        yield from self._strays(item)
                    if item.id:  # that of an earlier build; ids never go back, so none is given twice
                        number = max(number, _given_number(item.id, prefix))
                    yield self._named(item, f"{prefix}{number}")
                    number += 1

    def _locate(self, folder: Path, split: str) -> list[tuple[File, Path, Sequence[Path]]]:
        """The files of a split with what each comes to, none if one of them is absent."""
        files = self.files.get(split, ())
        located = [(file, *found) for file in files if (found := file.locate(folder))]
        return located if len(located) == len(files) else []

    def _named(self, record: Record, record_id: str) -> Record:
        """The record with its id and published names for native labels; what maps to None is left out."""
        if self.task == "NER":
            # Most records pass here, so no call, copy or `replace` that is not needed.
            labels = self.labels
            try:
                named = [
                    e if name == e.entity_type else Entity(e.entity, name, e.start, e.end)
                    for e in record.entity
                    if (name := labels[e.entity_type]) is not None
                ]
            except KeyError as missing:
                raise self._unnamed("label", missing.args[0], record) from None
            return Record(record.text, tuple(named), (), (), record_id, record.origin)
        label = self._label
        if self.task == "RE":
            relations = [(r, label(r.relation, record)) for r in record.relation]
            typed = tuple([self._typed(r, name, record) for r, name in relations if name is not None])
            return Record(record.text, (), typed, (), record_id, record.origin)
        events = [(e, label(e.event_type, record)) for e in record.event]
        filled = tuple([self._filled(e, name, record) for e, name in events if name is not None])
        return Record(record.text, (), (), filled, record_id, record.origin)

    def _label(self, native: str, record: Record) -> str | None:
        try:
            return self.labels[native]
        except KeyError:
            raise self._unnamed("label", native, record) from None

    def _typed(self, r: Relation, name: str, record: Record) -> Relation:
        if not self.triples and not self.attributes:
            head_type = tail_type = ""
        else:
            head_type, tail_type = self.types.get(r.head_type, r.head_type), self.types.get(r.tail_type, r.tail_type)
            if not head_type and not tail_type:
                # Published records may leave out the types, which are known where only one pair has this relation.
                pairs = [(t.subject_type, t.object_type) for t in self.triples if t.predicate == name]
                head_type, tail_type = pairs[0] if len(pairs) == 1 else ("", "")
            if self.triples and (head_type, name, tail_type) not in self._known_triples:
                raise self._unnamed("typed relation", "_".join((head_type, name, tail_type)), record)
        if (name, head_type, tail_type) == (r.relation, r.head_type, r.tail_type):
            return r
        # Not by `replace`, which takes more time than reading the relation.
        return Relation(r.head, name, r.tail, head_type, tail_type, r.head_start, r.head_end, r.tail_start, r.tail_end)

    def _filled(self, event: Event, name: str, record: Record) -> Event:
        arguments = []
        for argument in event.arguments:
            role = self._role(event.event_type, argument.role)
            if role in self.roles[name]:
                enumerated = role in self.role_values
                if enumerated and argument.argument not in self.role_values[role]:
                    raise self._unnamed(f"value of {role!r}", argument.argument, record)
                place = (None, None) if enumerated else (argument.start, argument.end)
                arguments.append(Argument(argument.argument, role, *place, enumerated))
            elif role is not None and self._all_roles and role not in self._all_roles:
                raise self._unnamed(f"role of {name!r}", role, record)
        return Event(event.event_trigger, name, tuple(arguments), event.start, event.end)

    def _strays(self, record: Record) -> Iterator[Rejected]:
        """The arguments in a role that has a name, but not among those of its event's type."""
        for event in record.event:
            name = self.labels.get(event.event_type)
            if name is None:
                continue
            for argument in event.arguments:
                role = self._role(event.event_type, argument.role)
                if role in self._all_roles and role not in self.roles[name]:
                    content = f"{name}, {role}: {argument.argument}"
                    yield Rejected(record.origin, "role of other event types", True, content)

    @cached_property
    def _known_triples(self) -> frozenset[Triple]:
        return frozenset(self.triples)

    @cached_property
    def _all_roles(self) -> frozenset[str]:
        return frozenset(role for roles in self.roles.values() for role in roles)

    def _role(self, native_type: str, role: str) -> str | None:
        own = f"{native_type}.{role}"
        return self.role_names[own] if own in self.role_names else self.role_names.get(role, role)

    def _unnamed(self, what: str, native: str, record: Record) -> LabelError:
        return LabelError(
            f"{record.origin}: {self.name} knows no {what} {native!r}; "
            f"give it a name in the source's module ({self.module}), or mend the file."
        )


def load_sources(modules: tuple[Path, ...] = ()) -> Mapping[str, Source]:
    """Name → source, by name: those of every module of `builders/sources/`, and of the user's own modules.

    A folder among the modules holds sources in the published layout, which stand in for native ones of their names.
    An import error is not caught.

    Raises:
        IEPileError: where two sources have one name, a file defines none, or a folder has not the published layout.
    """
    sources = _load_modules(tuple(path for path in modules if not path.is_dir()))
    for folder in modules:
        if folder.is_dir():
            from .published import published_sources

            sources = dict(sorted({**sources, **published_sources(folder, sources)}.items()))
    return sources


@cache
def _load_modules(modules: tuple[Path, ...]) -> Mapping[str, Source]:
    package = importlib.import_module(".sources", __package__)
    names = [info.name for info in pkgutil.iter_modules(package.__path__)]
    loaded = [(name, importlib.import_module(f".sources.{name}", __package__)) for name in names]
    loaded += [(str(path), _load(path)) for path in modules]
    sources: dict[str, Source] = {}
    for name, module in loaded:
        found = [s for v in vars(module).values() for s in (v if isinstance(v, tuple) else (v,))]
        found = [source for source in found if isinstance(source, Source)]
        if not found:
            raise IEPileError(f"{name} defines no Source; see CONTRIBUTING.md for how one looks.")
        for source in found:
            if source.name in sources:
                raise IEPileError(f"{sources[source.name].module} and {name} both define {source.name!r}; rename one.")
            sources[source.name] = replace(source, module=name)
    return dict(sorted(sources.items()))


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise IEPileError(f"{path} is no Python file; --source takes one that defines a Source.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def known_sources() -> Mapping[str, Source]:
    """The sources and the variants of them: all that a row may be of, but for its user's own."""
    return load_sources(tuple(variants().values()))


def get_source(name: str, modules: tuple[Path, ...] = ()) -> Source:
    """The source of that name.

    Raises:
        IEPileError: if there is none; the message names the nearest.
    """
    sources = load_sources(modules)
    if name not in sources:
        near = get_close_matches(name, sources, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "`iepile sources` lists them."
        if name in known_sources():
            hint = f"`iepile build --variant {Path(known_sources()[name].module).stem}` adds it."
        raise IEPileError(f"There is no source {name!r}; {hint}")
    return sources[name]


def _only(read: Reader, tags: Collection[str], path: Path) -> Iterator[Record | Rejected]:
    """What is read, without other relations than these, and without the records that have only others."""
    for item in read(path):
        if isinstance(item, Record) and item.relation:
            if kept := tuple(r for r in item.relation if r.relation in tags):
                yield replace(item, relation=kept)
        else:
            yield item


def _given_number(record_id: str, prefix: str) -> int:
    """The number in an id of this form, else 0."""
    number = record_id[len(prefix) :]
    plain = record_id.startswith(prefix) and len(number) <= 18 and number.isascii() and number.isdecimal()
    return int(number) if plain else 0


def _share(text: str, carved: Mapping[str, float]) -> str:
    """The split that a text of the training files belongs to."""
    place = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
    for split, share in carved.items():
        if place < share:
            return split
        place -= share
    return "train"


def _some_record(items: Iterator[Record | Rejected], path: Path) -> Iterator[Record | Rejected]:
    """The items as they are; an error if all of them are rejected, since then the file is not what it should be."""
    first_reason = None
    for item in items:
        yield item
        if isinstance(item, Record):
            yield from items  # the rest without a look at each
            return
        if not item.mention and first_reason is None:
            first_reason = item
    if first_reason is not None:
        raise FormatError(f"{first_reason.origin}: {first_reason.reason}; no record of {path.name} could be read.")
    raise FormatError(f"{path}: the file holds no record; is it complete?")


def _stretch(items: Iterator[Record | Rejected], rows: tuple[int, int | None]) -> Iterator[Record | Rejected]:
    """The records whose number lies in the stretch, and what was rejected among them."""
    first, end = rows
    if rows == (0, None):
        yield from items
    number = 0
    for item in items:
        if number >= first and (end is None or number < end):
            yield item
        if isinstance(item, Record):
            number += 1
