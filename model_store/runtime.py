"""ONNX Runtime, as everything of ours gets it: saying nothing to anybody.

Official builds for Linux and macOS note a device's id in the home folder and send what they ran to
their maker, unless the environment forbids it before the library is first imported. A service that
forecasts football has no business doing so in its operator's name.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# The name under which builds before it was settled knew the same.
os.environ.setdefault("ORT_TELEMETRY_DISABLED", "1")

from onnxruntime import InferenceSession, SessionOptions

__all__ = ["InferenceSession", "SessionOptions"]
