"""What every reader can do, whichever way it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sabiscore_client.selection import Forecasts, Selection
    from schemas.forecast import Forecast


class Reader(Protocol):
    """Reads forecasts; a context that closes its connections."""

    def __enter__(self) -> Self:
        """Be used in a ``with`` block."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        ...

    def get(self, match_id: str) -> Forecast | None:
        """The newest forecast of a match; none when there is no such match.

        Raises:
            ServerError: When the server does not answer, or refuses.
        """
        ...

    def list(self, selection: Selection | None = None) -> Forecasts:
        """The newest forecast of every match selected, by kick-off, then id.

        Raises:
            ServerError: When the server does not answer, or refuses.
        """
        ...

    def follow(self, selection: Selection | None = None) -> Iterator[Forecast]:
        """First the newest forecast of every match selected, then each that follows; without end.

        Of one match no forecast is older than the one before; of several that came at once it may
        be the newest alone. While the server is away it waits and comes back.

        Raises:
            ServerError: When the server refuses.
        """
        ...
