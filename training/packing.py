"""Packing: the rows of a batch laid end to end in one sequence, so that nothing is padded.

Every row keeps its own positions and attends to itself alone, so the losses are those of padded batches. Flash
attention does that at no cost; `sdpa` and `eager` by a mask as large as the sequence squared. A model that leaves
either undone would read one row while it answers another, in silence, so the model itself is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..builders.errors import IEPileError

if TYPE_CHECKING:
    from torch import Tensor

    from .trainer import CompletionTrainer

_LENGTH = 8  # tokens of each of the two rows that are tried
_TOLERANCE = 1e-3  # of the largest logit


def check_packing(trainer: CompletionTrainer) -> None:
    """See that the model keeps packed rows apart.

    Raises:
        IEPileError: where it does not.
    """
    model = trainer.accelerator.unwrap_model(trainer.model)
    attention = model.config._attn_implementation
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        apart = "flash" in attention  # the weights are not here to be tried
    else:
        apart = keeps_apart(model)
    if not apart:
        raise IEPileError(
            f"{model.config.name_or_path} with the attention {attention!r} does not keep packed rows apart; set "
            "packing: false, or attn_implementation: flash_attention_2."
        )


def keeps_apart(model: Any) -> bool:
    """Whether the logits of a row are the same behind another row as alone, and whatever that other row is."""
    import torch

    collated = trial_batch(model.config.get_text_config().vocab_size, model.device)
    training = model.training
    try:
        with torch.no_grad():
            alone, behind, behind_other = (
                model.eval()(**batch, use_cache=False).logits[0, -_LENGTH:] for batch in collated
            )
    except (RuntimeError, TypeError, ValueError):
        return False  # its code knows no packed rows
    finally:
        model.train(training)
    most = _TOLERANCE * float(behind.abs().max())
    # Alone it passes through other kernels, which in bfloat16 round otherwise.
    rough = most if behind.dtype == torch.float32 else 50 * most
    return float((behind - behind_other).abs().max()) <= most and float((behind - alone).abs().max()) <= rough


def trial_batch(vocab_size: int, device: Any) -> list[dict[str, Tensor]]:
    """One row alone, and packed behind each of two others, as TRL's collator packs them."""
    import torch
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    draw = torch.Generator().manual_seed(0)
    row, first, second = torch.randint(vocab_size, (3, _LENGTH), generator=draw).tolist()
    collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
    batches = ([row], [first, row], [second, row])
    made = [collate([{"input_ids": ids} for ids in batch]) for batch in batches]
    return [
        {key: value.to(device) if hasattr(value, "to") else value for key, value in batch.items() if key != "labels"}
        for batch in made
    ]
