"""A trained model as files: the `.keras` archive, its card, and the checkpoints on the way."""
