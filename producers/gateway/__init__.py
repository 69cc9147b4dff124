"""``POST /v1/events``: the door for feeds in any language."""

from producers.gateway.app import create_app
from producers.gateway.serve import run
from producers.gateway.settings import Settings

__all__ = ["Settings", "create_app", "run"]
