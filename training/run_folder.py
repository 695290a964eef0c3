"""The folder of a run: what is needed while it runs lies in `.run` below it, what it gives is moved in at the end.

So a killed run leaves an earlier adapter in that folder whole, and goes on when it is started again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..builders.errors import IEPileError
from ..cards.render import render_model_card
from .base_models import BaseModel
from .recipe import Recipe

ADAPTER_FILES = ("adapter_model.safetensors", "adapter_config.json", "iepile.json", "README.md", "loss.png")
SUMMARY = "training_summary.json"
# Written in this order; the last one tells that a checkpoint is whole.
_CHECKPOINT_FILES = ("adapter_model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json")


class RunFolder:
    """`rows`, `checkpoints` and `saving` lie in `.run`; `finish` moves what was saved into `folder`.

    `reports` is where TensorBoard may read while the run goes on, and afterwards.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run = folder / ".run"
        self.rows = self._run / "rows"
        self.checkpoints = self._run / "checkpoints"
        self.saving = self._run / "adapter"
        self.reports = folder / "tensorboard"

    def claim(self, recipe: Recipe) -> None:
        """Start a run here, or go on with the one that was killed.

        Raises:
            IEPileError: where the folder holds the unfinished run of another recipe, or files of someone else.
        """
        claim = self._read_claim()
        mine = json.loads(json.dumps(asdict(recipe)))  # as it reads back
        if claim and self.last_checkpoint():  # without one there is nothing to lose
            changed = [key for key in mine if claim["recipe"].get(key) != mine[key]]
            if changed:
                raise IEPileError(
                    f"{self.folder} holds a run that was not finished, with another {', '.join(changed)}; finish it "
                    f"with its own recipe, or delete {self._run}, or choose another --set output_dir=FOLDER."
                )
            return
        present = {p.name for p in self.folder.iterdir()} if self.folder.is_dir() else set()
        if present - {self._run.name, self.reports.name} and SUMMARY not in present:
            raise IEPileError(
                f"{self.folder} holds files that no training run made; choose another --set output_dir=FOLDER."
            )
        for path in (self._run, self.reports):
            shutil.rmtree(path, ignore_errors=True)
        self._run.mkdir(parents=True)
        self._write_claim({"recipe": mine})

    def claim_rows(self, digest: str) -> None:
        """The digest of the rows trained on; a run goes on only with the same rows.

        Raises:
            IEPileError: where they changed since the run was started.
        """
        claim = self._read_claim()
        if claim.get("rows", digest) != digest and self.last_checkpoint():
            raise IEPileError(
                f"{self.folder} holds a run that was not finished, and the corpus changed since; delete {self._run} "
                "to start anew."
            )
        self._write_claim({**claim, "rows": digest})

    def last_checkpoint(self) -> Path | None:
        """The latest checkpoint that was written to its end."""
        found = [path for path in self.checkpoints.glob("checkpoint-*") if _is_whole(path)]
        return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)

    def finish(self, base: BaseModel, serving: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
        """Move the saved adapter into the folder, the summary last, and clear away what only the run needed."""
        config = self.saving / "adapter_config.json"
        settings = json.loads(config.read_text("utf-8"))
        settings |= {"base_model_name_or_path": base.name, "revision": base.revision}
        if isinstance(settings["target_modules"], list):
            settings["target_modules"].sort()  # a set until now, in an order that differs from run to run
        _write_json(config, settings)
        _write_json(self.saving / "iepile.json", serving)
        _write_json(self.saving / SUMMARY, summary)
        (self.saving / "README.md").write_text(render_model_card(self.saving, repo_id=self.folder.as_posix()), "utf-8")
        for name in (*ADAPTER_FILES, SUMMARY):
            os.replace(self.saving / name, self.folder / name)
        shutil.rmtree(self._run)

    def _read_claim(self) -> dict[str, Any]:
        path = self._run / "claim.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}

    def _write_claim(self, claim: Mapping[str, Any]) -> None:
        path = self._run / "claim.json"
        _write_json(path.with_suffix(".new"), claim)
        os.replace(path.with_suffix(".new"), path)


def _is_whole(checkpoint: Path) -> bool:
    if not all((checkpoint / name).is_file() for name in _CHECKPOINT_FILES):
        return False
    try:
        json.loads((checkpoint / _CHECKPOINT_FILES[-1]).read_text("utf-8"))
    except ValueError:
        return False
    return True


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
