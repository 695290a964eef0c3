"""Train a LoRA adapter by a recipe: `iepile train RECIPE [--set key=value…]`.

A run that was killed goes on from its last whole checkpoint when the same command is given again.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..builders.errors import IEPileError
from .adapters import Adapter, find_adapter, load_adapter, store_as_bfloat16, target_shapes, warn_of_size
from .base_models import BaseModel, load_model, load_tokenizer, resolve_base_model
from .data import choose_rows, encode_rows, read_encoded, read_sample
from .packing import check_packing
from .recipe import SFT_KEYS, Recipe
from .run_folder import RunFolder
from .splitting import Row
from .summary import serving_settings, summarise, write_loss_plot

if TYPE_CHECKING:
    from accelerate import PartialState
    from peft import PeftModel
    from transformers import PreTrainedModel
    from trl import SFTConfig

    from .trainer import CompletionTrainer

logger = logging.getLogger(__name__)


def train(recipe: Recipe) -> Path:
    """Train the adapter of a recipe.

    Returns:
        The adapter's folder (`recipe.folder`): `adapter_model.safetensors`, `adapter_config.json` that names the base
        by its Hub id, `iepile.json` with what serving must know, `training_summary.json`, `loss.png` and a card.

    Raises:
        IEPileError: for a base, data or library that is not there, or a folder that holds another recipe's run.
    """
    try:
        import peft  # noqa: F401
        import torch
        from accelerate import PartialState

        from .trainer import CompletionTrainer  # noqa: F401
    except ImportError as error:
        raise IEPileError(f"Training needs {error.name}; run `pip install 'iepile[train]'`.") from None

    with warnings.catch_warnings():
        # transformers announces there what will change for callers who do as TRL does.
        warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
        # Several processes on CPUs are only seen as such where it is said that these are CPUs.
        return _run(recipe, PartialState(cpu=not torch.accelerator.is_available()))


def _run(recipe: Recipe, processes: PartialState) -> Path:
    """One process, or each of the several of `accelerate launch`; the main one alone writes."""
    started = time.monotonic()
    adapter = find_adapter(recipe.adapter, recipe.base_model) if recipe.adapter else None
    if adapter:
        recipe = replace(recipe, base_model=adapter.base, template=adapter.template)
    run = RunFolder(recipe.folder)
    if processes.is_main_process:
        run.claim(recipe)
        chosen = choose_rows(recipe)  # before the base, which may take minutes to come
    base = resolve_base_model(str(recipe.base_model), recipe.revision or (adapter.revision if adapter else None))
    tokenizer = load_tokenizer(base, trust_remote_code=recipe.trust_remote_code)
    if processes.is_main_process:
        encode_rows(chosen, tokenizer, run.rows)
        run.claim_rows(read_encoded(run.rows)["train"][1].digest)
    processes.wait_for_everyone()
    checkpoint = run.last_checkpoint()
    if checkpoint:
        logger.info("going on from %s", checkpoint)
    model = build_model(recipe, base, adapter)
    rows = read_encoded(run.rows)
    trainer = build_trainer(recipe, model, tokenizer, rows, run.checkpoints, read_sample(run.rows))
    point_reports(trainer, run.reports)
    if checkpoint:
        trainer.args.eval_on_start = False  # that was at the run's own start
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainer.save_model(str(run.saving))
    if processes.is_main_process:
        if recipe.bfloat16:
            store_as_bfloat16(run.saving)
        warn_of_size(run.saving)
        encoded = {split: part for split, (_, part) in rows.items()}
        summary = summarise(recipe, base, trainer, encoded, seconds=time.monotonic() - started)
        write_loss_plot(trainer.state.log_history, run.saving / "loss.png")
        serving = serving_settings(recipe, base, target_shapes(run.saving))
        run.finish(base, serving, summary)
    processes.wait_for_everyone()
    return run.folder


def build_model(recipe: Recipe, base: BaseModel, adapter: Adapter | None = None) -> PreTrainedModel | PeftModel:
    """The base with an adapter to train: a new one, or the one that is trained on."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import BitsAndBytesConfig, set_seed

    dtype = "bfloat16" if recipe.bfloat16 else "float32"
    options: dict[str, Any] = {}
    if recipe.attn_implementation:
        options["attn_implementation"] = recipe.attn_implementation
    if recipe.load_in_4bit:
        if find_spec("bitsandbytes") is None:
            raise IEPileError("load_in_4bit needs bitsandbytes; run `pip install 'iepile[qlora]'`.")
        # The settings of QLoRA, https://arxiv.org/abs/2305.14314.
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, dtype),
        )
    try:
        model = load_model(base, dtype=dtype, trust_remote_code=recipe.trust_remote_code, **options)
    except (ImportError, ValueError) as error:
        if not recipe.attn_implementation:
            raise
        raise IEPileError(
            f"attn_implementation={recipe.attn_implementation} can't be had: {_first_line(error)}"
        ) from None
    # PEFT looks for the base's configuration at each checkpoint; where it lies on disk it need not ask the Hub.
    model.name_or_path = base.path
    if adapter:
        return load_adapter(model, adapter, trainable=True)
    modules = recipe.target_modules
    set_seed(recipe.seed)  # a new adapter's weights are drawn
    settings = LoraConfig(
        task_type="CAUSAL_LM",
        r=recipe.lora_r,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
    )
    try:
        return get_peft_model(model, settings)
    except ValueError as error:
        raise IEPileError(f"target_modules do not fit {base.name}: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """What a library says is wrong, without its advice."""
    return str(error).strip().partition("\n")[0]


def build_trainer(
    recipe: Recipe,
    model: PreTrainedModel | PeftModel,
    tokenizer: Any,
    encoded: Mapping[str, Any],
    checkpoints: Path,
    sample: Sequence[Row] = (),
) -> CompletionTrainer:
    """The trainer of a run.

    Args:
        recipe: what decides it.
        model: with its adapter.
        tokenizer: that of the base.
        encoded: as `read_encoded` gives it.
        checkpoints: a folder for them.
        sample: the rows whose answers are scored with each measurement of the validation loss.
    """
    import torch
    from transformers import EarlyStoppingCallback, PrinterCallback, ProgressCallback

    from .sampled_f1 import SampledF1
    from .trainer import Bar, CompletionTrainer, LogLines

    _check_reports(recipe)
    validation = encoded["validation"][0] if "validation" in encoded else None
    by_f1 = recipe.early_stopping_metric == "f1"
    stops = validation is not None and recipe.early_stopping_patience > 0
    if stops:
        recipe = replace(recipe, save_steps=recipe.eval_steps)  # the best is kept as a checkpoint
    arguments = _arguments(
        recipe,
        **{key: getattr(recipe, key) for key in SFT_KEYS},
        output_dir=str(checkpoints),
        bf16=recipe.bfloat16,
        per_device_eval_batch_size=recipe.per_device_train_batch_size,
        eval_strategy="steps" if validation else "no",
        eval_on_start=validation is not None,
        save_strategy="steps",
        save_total_limit=2,
        load_best_model_at_end=stops,
        metric_for_best_model=f"eval_{recipe.early_stopping_metric}" if stops else None,
        greater_is_better=by_f1 if stops else None,
        restore_callback_states_from_checkpoint=stops,  # how long there was nothing better
        padding_free=recipe.packing,
        # Where nothing is padded there is no mask to count by.
        include_num_input_tokens_seen="all" if recipe.packing else "non_padding",
        use_cpu=not torch.accelerator.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=not sys.stderr.isatty(),
        project="iepile",
        run_name=recipe.folder.name,
        max_length=None,  # rows over the cutoff were set aside and counted: nothing is left to cut
    )
    trainer = CompletionTrainer(
        model=model,
        args=arguments,
        train_dataset=encoded["train"][0],
        eval_dataset=validation,
        processing_class=tokenizer,
        lengths=[len(ids) for ids in encoded["train"][0]["input_ids"]],
        sampled_f1=SampledF1(sample, tokenizer, recipe) if sample else None,
    )
    if recipe.packing:
        check_packing(trainer)
    if sample and (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
        raise IEPileError("A model in pieces (FSDP, DeepSpeed) can't be sampled; set early_stopping_metric: loss.")
    if stops:
        trainer.add_callback(EarlyStoppingCallback(recipe.early_stopping_patience))
    if arguments.disable_tqdm:
        trainer.remove_callback(PrinterCallback)
    else:
        trainer.remove_callback(ProgressCallback)
        trainer.add_callback(Bar)
    trainer.add_callback(LogLines)
    return trainer


def _arguments(recipe: Recipe, **settings: Any) -> SFTConfig:
    from trl import SFTConfig

    try:
        return SFTConfig(**settings)
    except ValueError as error:  # a name that it does not know, such as that of a schedule
        raise IEPileError(f"The recipe {recipe.name} will not do: {_first_line(error)}") from None


def _check_reports(recipe: Recipe) -> None:
    """See that the library that a recipe reports to is there; transformers tells of that with a traceback."""
    name = recipe.report_to
    if name == "none":
        return
    from transformers.integrations import INTEGRATION_TO_CALLBACK
    from transformers.integrations.integration_utils import get_available_reporting_integrations

    if name not in INTEGRATION_TO_CALLBACK:
        raise IEPileError(f"report_to is {name!r}; it must be none or one of {', '.join(INTEGRATION_TO_CALLBACK)}.")
    if name not in get_available_reporting_integrations():
        raise IEPileError(f"report_to={name} needs that library; run `pip install {name}`.")


def point_reports(trainer: CompletionTrainer, folder: Path) -> None:
    """Have TensorBoard's files written there: its own choice is among the checkpoints, which go at the end."""
    for callback in trainer.callback_handler.callbacks:
        if type(callback).__name__ == "TensorBoardCallback" and callback.logging_dir is None:
            callback.logging_dir = str(folder)
