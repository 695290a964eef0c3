"""Adapters on disk: what base they were made for, and whether another one fits."""

from __future__ import annotations

from pathlib import Path


def target_shapes(adapter: Path) -> dict[str, list[int]]:
    """The shape (out, in) of each layer that an adapter changes, read from the header of its weights."""
    from safetensors import safe_open

    shapes: dict[str, list[int]] = {}
    with safe_open(adapter / "adapter_model.safetensors", framework="numpy") as weights:
        for key in weights.keys():
            layer, _, part = key.removeprefix("base_model.model.").partition(".lora_")
            shape = weights.get_slice(key).get_shape()
            if part.startswith("A."):
                shapes.setdefault(layer, [0, 0])[1] = shape[1]
            elif part.startswith("B."):
                shapes.setdefault(layer, [0, 0])[0] = shape[0]
    return dict(sorted(shapes.items()))
