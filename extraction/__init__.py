"""Running a trained model: extracting, scoring, evaluating."""
