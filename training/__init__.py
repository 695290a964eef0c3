"""LoRA adapters for the corpus: training, recipes, export."""
