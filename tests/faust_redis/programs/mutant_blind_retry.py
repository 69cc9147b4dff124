# mypy: ignore-errors
"""Word count over a transport with one guarantee taken out."""

import mutants

mutants.blind_retry()

from word_count import app  # noqa: E402, F401
