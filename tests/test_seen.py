"""Digests in little memory: as a set and a dictionary would have them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iepile.builders import seen
from iepile.builders.seen import Digests, Seen, write_digests

DIGESTS = st.integers(0, 2**64 - 1) | st.integers(0, 20) | st.integers(2**64 - 9, 2**64 - 1)


@given(st.lists(st.lists(DIGESTS), max_size=3), st.lists(DIGESTS))
def test_digests_are_a_set(files: list[list[int]], others: list[int]) -> None:
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / str(n) for n in range(len(files))]
        for path, digests in zip(paths, files, strict=True):
            write_digests(digests, path)
            assert path.stat().st_size == 8 * len(set(digests))
        found = Digests(paths)
    known = {digest for digests in files for digest in digests}
    assert all(digest in found for digest in known)
    assert [digest in found for digest in others] == [digest in known for digest in others]


@given(st.lists(st.tuples(DIGESTS, st.integers(-(2**63), 2**63 - 1)), max_size=200), st.integers(1, 9))
def test_seen_keeps_what_was_said_first(items: list[tuple[int, int]], recent: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen, "RECENT", recent)
        ours, known = Seen(), {}
        for digest, said in items:
            assert ours.first(digest, said) == known.get(digest)
            known.setdefault(digest, said)
