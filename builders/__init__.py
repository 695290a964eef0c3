"""From raw files to the corpus."""
