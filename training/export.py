"""Export an adapter for other programs: a merged model, GGUF, an Ollama Modelfile, a line for vLLM.

    iepile export ADAPTER --out FOLDER [--base M] [--gguf CONVERTER]

Whatever the program, the prompt is the one of training: it is written into the merged model's own chat template, and
from there into the Modelfile. Both take a row's `instruction` string as the user's message.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..builders.errors import IEPileError
from .adapters import Adapter, find_adapter, load_adapter
from .base_models import load_model, load_tokenizer, resolve_base_model
from .prompts import CHAT, CHAT_OPTIONS, encode_prompt, render_prompt, stop_id

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

CONVERTER = "convert_hf_to_gguf.py"
TOLERANCE = 1e-3  # by which the logits of the merged model may differ
_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands for the instruction; no template holds it


@dataclass(frozen=True)
class Export:
    """What an export made.

    Attributes:
        folder: the merged model, safetensors, with its tokenizer.
        modelfile: for `ollama create NAME -f Modelfile`.
        vllm: the command that serves the merged model.
        vllm_adapter: the command that serves the base with the adapter on it.
        gguf: the GGUF file, where a converter was named.
        difference: the largest difference between logits of the merged model and of the adapter on its base.
    """

    folder: Path
    modelfile: Path
    vllm: str
    vllm_adapter: str
    gguf: Path | None
    difference: float


def export(
    adapter: str | Path,
    out: Path,
    *,
    base: str | None = None,
    gguf: str | Path | None = None,
    dtype: str = "float32",
    trust_remote_code: bool = False,
) -> Export:
    """Merge an adapter into its base, and write what other programs need to serve it.

    Args:
        adapter: a folder or a Hub id.
        out: the folder of the merged model; it must not be there yet.
        base: the base, for an adapter that does not name it.
        gguf: llama.cpp's `convert_hf_to_gguf.py`, the folder that holds it, or its name where it is on the PATH; no
            GGUF is made if None.
        dtype: of the merged weights, a name of torch's.

    Raises:
        IEPileError: where the adapter or its base cannot be had or do not fit, the merged model answers differently,
            or the converter fails.
    """
    if out.exists():
        raise IEPileError(f"{out} is there already; name another folder with --out, or remove it.")
    converter = None if gguf is None else _find_converter(Path(gguf))
    found = find_adapter(adapter, base)
    resolved = resolve_base_model(found.base, found.revision)
    tokenizer = load_tokenizer(resolved, trust_remote_code=trust_remote_code)
    tuned = load_adapter(load_model(resolved, trust_remote_code=trust_remote_code), found).eval()
    probe = _probe(tokenizer, found.template)
    expected = _logits(tuned, probe)
    merged = tuned.merge_and_unload()
    difference = float((_logits(merged, probe) - expected).abs().max())
    if difference > TOLERANCE:
        raise IEPileError(f"Merging {adapter} changed its logits by {difference:.2g}; serve it as an adapter instead.")
    out.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        _write(merged, tokenizer, found, building, dtype)
        model = "."
        if converter:
            model = f"./{_convert(converter, building, out.name).name}"
        (building / "Modelfile").write_text(modelfile(tokenizer, found.template, model), "utf-8")
        building.chmod(0o755)  # as made by hand; `mkdtemp` locks others out, and safetensors does
        for path in building.iterdir():
            path.chmod(0o644)
        os.replace(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    settings = json.loads((found.folder / "adapter_config.json").read_text("utf-8"))
    return Export(
        folder=out,
        modelfile=out / "Modelfile",
        vllm=shlex.join(["vllm", "serve", str(out)]),
        vllm_adapter=shlex.join(
            ["vllm", "serve", found.base, *(["--revision", found.revision] if found.revision else [])]
            + ["--enable-lora", "--max-lora-rank", str(settings["r"])]
            + ["--lora-modules", f"{Path(found.name).name}={found.name}"]
            + ["--chat-template", str(out / "chat_template.jinja")]
        ),
        gguf=next(out.glob("*.gguf"), None),
        difference=difference,
    )


def chat_template(tokenizer: PreTrainedTokenizerBase, template: str) -> str:
    """A chat template that gives the prompt of training without being told anything but the user's message."""
    if template == CHAT:
        values = "".join(f"{{%- set {key} = {_jinja(value)} -%}}" for key, value in CHAT_OPTIONS.items())
        return values + str(tokenizer.chat_template)
    before, after = render_prompt(tokenizer, _MARK, template).split(_MARK)
    closing = tokenizer.decode([stop_id(tokenizer, template)])
    return (
        "{%- for message in messages -%}"
        f"{{%- if message['role'] == 'user' -%}}{{{{ {_jinja(before)} + message['content'] + {_jinja(after)} }}}}"
        f"{{%- else -%}}{{{{ message['content'] + {_jinja(closing)} }}}}{{%- endif -%}}"
        "{%- endfor -%}"
    )


def modelfile(tokenizer: PreTrainedTokenizerBase, template: str, model: str) -> str:
    """An Ollama Modelfile for the model at that path; its prompt is the one of training."""
    text = render_prompt(tokenizer, _MARK, template)
    bos = tokenizer.bos_token
    # Ollama's runner puts a leading token of its own before the text where the tokenizer does, and would double it.
    if bos and text.startswith(bos) and tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id]:
        text = text[len(bos) :]
    stop = tokenizer.decode([stop_id(tokenizer, template)])
    return (
        f"FROM {model}\n"
        f'TEMPLATE """{text.replace(_MARK, "{{ .Prompt }}")}{{{{ .Response }}}}{stop}"""\n'
        f'PARAMETER stop "{stop}"\n'
        "PARAMETER temperature 0\n"
        "PARAMETER num_ctx 4096\n"
    )


def _write(model: Any, tokenizer: PreTrainedTokenizerBase, adapter: Adapter, folder: Path, dtype: str) -> None:
    import torch

    model.to(getattr(torch, dtype)).save_pretrained(folder, safe_serialization=True)
    tokenizer.chat_template = chat_template(tokenizer, adapter.template)
    tokenizer.save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(tokenizer.chat_template, "utf-8")
    told = {"base_model": adapter.base, "revision": adapter.revision, "adapter": adapter.name, "template": CHAT}
    (folder / "iepile.json").write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _probe(tokenizer: PreTrainedTokenizerBase, template: str) -> list[int]:
    instruction = {"instruction": "Extract.", "schema": ["person"], "input": "Ada met 小林 in Lund in 1907."}
    return encode_prompt(tokenizer, json.dumps(instruction, ensure_ascii=False), template)


def _logits(model: Any, ids: list[int]) -> Any:
    import torch

    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).logits


def _jinja(value: object) -> str:
    """A Jinja literal; JSON's, but for the booleans that Jinja spells the same."""
    return json.dumps(value, ensure_ascii=False)


def _find_converter(path: Path) -> Path:
    script = path / CONVERTER if path.is_dir() else path
    if not script.is_file():
        on_path = shutil.which(path) if path.name == str(path) else None
        if on_path is None:
            raise IEPileError(
                f"There is no {script}; name llama.cpp's {CONVERTER} or the checkout that holds it with --gguf (it is "
                "in the source of llama-cpp-python on PyPI too, at vendor/llama.cpp)."
            )
        script = Path(on_path)
    return script


def _convert(script: Path, folder: Path, name: str) -> Path:
    target = folder / "model.gguf"
    command = [sys.executable, str(script.resolve()), str(folder), "--outfile", str(target), "--outtype", "auto"]
    command += ["--model-name", name]  # else the file bears the name of the folder that it was made in
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not target.is_file():
        reason = (done.stderr.strip() or done.stdout.strip() or "it wrote nothing").splitlines()[-1]
        raise IEPileError(f"{script} could not convert the merged model: {reason}")
    return target
