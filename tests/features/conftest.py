"""How hard the property tests of the fold try."""

from __future__ import annotations

from hypothesis import settings

# No deadline: a busy machine is no fault of the fold.
settings.register_profile("features", deadline=None, max_examples=60)
settings.load_profile("features")
