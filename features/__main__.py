"""Prints the catalogue as the documentation's page: ``python -m features > docs/features.md``."""

import sys

from features.catalogue import as_markdown

sys.stdout.write(as_markdown())
