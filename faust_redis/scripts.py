"""The Lua scripts: each is one atomic step inside the server, and declares every key it touches."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text and the name the server knows it by."""

    text: str = field(repr=False)
    sha: str

    @classmethod
    def load(cls, name: str) -> Script:
        """The script in ``lua/<name>.lua``."""
        text = files("faust_redis").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
        # Redis names scripts by their SHA-1; no secret depends on it.
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


ACQUIRE = Script.load("acquire")
RENEW = Script.load("renew")
RELEASE = Script.load("release")
COMMIT = Script.load("commit")
PUBLISH = Script.load("publish")
ASSIGN = Script.load("assign")
DECLARE = Script.load("declare")
REGISTER = Script.load("register")
COUNT = Script.load("count")
HEARTBEAT = Script.load("heartbeat")
SEND = Script.load("send")
RETRY = Script.load("retry")
TRIM = Script.load("trim")
FOLD = Script.load("fold")
