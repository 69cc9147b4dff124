# mypy: ignore-errors
"""Word count over a transport with one guarantee taken out."""

import mutants

mutants.no_fencing()

from word_count import app  # noqa: E402, F401
