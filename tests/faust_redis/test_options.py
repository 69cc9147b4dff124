"""Settings that make no sense are refused in a sentence that names them."""

from __future__ import annotations

import faust
import pytest

from faust_redis.errors import UnsupportedError
from faust_redis.options import from_url


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("lease_s=nan", "lease_s"),
        ("lease_s=inf", "lease_s"),
        ("keep_s=nan", "keep_s"),
        ("max_records=inf", "max_records"),
        ("keep_records=inf", "keep_records"),
        ("max_records=2.5", "max_records"),
        ("lease=3", "'lease'"),
    ],
)
def test_a_setting_of_the_brokers_url_that_makes_no_sense_is_named(query: str, named: str) -> None:
    app = faust.App("options", broker="memory://")

    with pytest.raises(UnsupportedError, match=named):
        from_url(f"redis://127.0.0.1:6379/0?{query}", app)


def test_every_setting_of_the_brokers_url_is_read() -> None:
    app = faust.App("options", broker="memory://")

    read = from_url(
        "redis://127.0.0.1:6379/0?namespace=n&lease_s=3&max_records=9&keep_s=60&keep_records=7", app
    )

    assert (read.lease_s, read.max_records, read.keep_s, read.keep_records) == (3.0, 9, 60.0, 7)
