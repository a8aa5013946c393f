"""The function that follows the inference function's log."""
