"""Whatever takes something in, or does something, has a port of its own and is off by default."""

from __future__ import annotations

import inspect

import sabiscore
from commands.settings import Settings
from commands.up import Plan


def test_up_takes_no_events_over_http_unless_it_is_given_a_port() -> None:
    default = inspect.signature(sabiscore.up).parameters["gateway_port"].default

    assert default is None
    assert Plan.__struct_defaults__ == (None,)


def test_operators_have_no_port_unless_it_is_given() -> None:
    assert Settings.model_fields["admin_port"].default == 0
    assert inspect.signature(sabiscore.serve).parameters["admin_port"].default in {None, 0}
