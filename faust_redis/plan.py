"""Who should own which partition: every worker works it out alone, from the same facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def quota(me: str, members: Sequence[str], owners: Sequence[str]) -> int:
    """The partitions that *me* should own: an even share, the odd ones to who owns most now."""
    share, odd = divmod(len(owners), len(members))
    held = dict.fromkeys(members, 0)
    for owner in owners:
        if owner in held:
            held[owner] += 1
    ranked = sorted(members, key=lambda member: (-held[member], member))
    return share + (ranked.index(me) < odd)


def moves(me: str, members: Sequence[str], owners: Sequence[str]) -> tuple[list[int], list[int]]:
    """The partitions that *me* should give up now, and those it should try to take.

    *owners* names the owner of each partition, ``""`` where there is none. Nothing moves between
    two workers that both keep to their share, so a plan that is reached stays.
    """
    mine = [number for number, owner in enumerate(owners) if owner == me]
    wanted = quota(me, members, owners)
    if len(mine) > wanted:
        return mine[wanted:], []
    free = [number for number, owner in enumerate(owners) if not owner]
    # Each member looks from another place on, so that they seldom reach for the same one.
    first = sorted(members).index(me) * len(free) // len(members)
    return [], (free[first:] + free[:first])[: wanted - len(mine)]
