"""How fast rows are answered on a CPU, and how many tokens that takes.

    python benchmarks/extraction.py --rows 32 --max-new-tokens 96

Compares one row at a time through `generate` of transformers, as the published inference script does, with the
Extractor's batches: unconstrained, as JSON, and grounded in the text. The rows are test rows of the bundled samples,
drawn evenly from some sources of each task. Each way is timed `--repeats` times, and the median is told: of the clock,
and of the processor's time, which tells more where the machine has other work.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import torch
from iepile.builders.corpus import build
from iepile.extraction.backend import Question
from iepile.extraction.metrics import markdown_table
from iepile.extraction.parsing import parse
from iepile.extraction.selection import load_rows, questions
from iepile.extraction.transformers_backend import TransformersBackend
from iepile.training.prompts import encode_prompt

SOURCES = ("CoNLL2003", "MIT-Movie", "KBP37", "SciERC", "PHEE", "CASIE", "ResumeNER", "DuIE2.0", "DuEE1.0")
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@click.command()
@click.option("--model", default=MODEL, show_default=True)
@click.option("--adapter")
@click.option("--config", default="en", show_default=True)
@click.option("--rows", default=32, show_default=True)
@click.option("--batch-size", default=32, show_default=True)
@click.option("--max-new-tokens", default=96, show_default=True)
@click.option("--repeats", default=3, show_default=True)
@click.option("--threads", default=0, help="Of torch; its own choice if 0.")
def main(
    model: str,
    adapter: str | None,
    config: str,
    rows: int,
    batch_size: int,
    max_new_tokens: int,
    repeats: int,
    threads: int,
) -> None:
    """Measure, and print a Markdown table."""
    if threads:
        torch.set_num_threads(threads)
    backend = TransformersBackend.from_pretrained(model, adapter, device="cpu", max_new_tokens=max_new_tokens)
    asked = sample_questions(rows, config)
    ways = {
        "one at a time, generate": lambda: one_at_a_time(backend, asked),
        f"batches of {batch_size}, free": lambda: batched(backend, asked, "free", batch_size),
        f"batches of {batch_size}, json": lambda: batched(backend, asked, "json", batch_size),
        f"batches of {batch_size}, grounded": lambda: batched(backend, asked, "grounded", batch_size),
        "one at a time, grounded": lambda: batched(backend, asked, "grounded", 1),
    }
    found = {}
    for name, way in ways.items():
        found[name] = measure(way, backend, asked, repeats)
        click.echo(f"{name}: {found[name]}", err=True)
    first = next(iter(found.values()))
    head = ["way", *first, "times as fast", "by CPU"]
    ratios = [[f"{first[name] / f[name]:.2f}" for name in ("seconds", "CPU s")] for f in found.values()]
    lines = [(name, *map(str, f.values()), *r) for (name, f), r in zip(found.items(), ratios, strict=True)]
    click.echo(markdown_table(head, lines))


def sample_questions(count: int, config: str) -> list[Question]:
    """Test rows of the bundled samples, drawn evenly."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "iepile"
        build(None, corpus, only=SOURCES)
        rows = list(load_rows(corpus, (config,), "test"))
    return questions([rows[n * len(rows) // count] for n in range(count)])


def one_at_a_time(backend: TransformersBackend, asked: list[Question]) -> list[str]:
    """Each row by itself, through transformers."""
    outputs = []
    for question in asked:
        prompt = torch.tensor([encode_prompt(backend.tokenizer, question.instruction, backend.template)])
        ids = backend.model.generate(  # type: ignore[operator]
            prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=backend.max_new_tokens,
            pad_token_id=backend.tokenizer.pad_token_id,
        )  # fmt: skip
        outputs.append(str(backend.tokenizer.decode(ids[0, prompt.shape[1] :], skip_special_tokens=True)))
    return outputs


def batched(backend: TransformersBackend, asked: list[Question], decoding: str, size: int) -> list[str]:
    """The Extractor's way."""
    backend.batch_size = size
    return [reply.output for reply in backend.reply(asked, decoding)]


def measure(
    way: Callable[[], list[str]], backend: TransformersBackend, asked: list[Question], repeats: int
) -> dict[str, Any]:
    """Time one way; its tokens are those that went through the model, padding and all."""
    counted = {"steps": 0, "tokens": 0}

    def count(_: Any, args: Any, kwargs: Any) -> None:
        counted["steps"] += 1
        counted["tokens"] += kwargs["input_ids"].numel()

    seconds, busy = [], []
    for _ in range(repeats):
        counted.update(steps=0, tokens=0)
        handle = backend.model.register_forward_pre_hook(count, with_kwargs=True)
        start, cpu = time.perf_counter(), time.process_time()
        outputs = way()
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - cpu)
        handle.remove()
    valid = sum(
        parse(output, question.task, question.entries, repair=False).status == "valid"
        for output, question in zip(outputs, asked, strict=True)
    )
    median = statistics.median(seconds)
    return {
        **{
            "rows/s": round(len(asked) / median, 2),
            "seconds": round(median, 2),
            "CPU s": round(statistics.median(busy), 2),
        },
        **{"steps": counted["steps"], "tokens computed": counted["tokens"], "valid answers": f"{valid}/{len(asked)}"},
    }


if __name__ == "__main__":
    main()
