"""The only source of "now": ticks of live matches and of pools' days, and which feed is silent.

Its core is pure: :func:`decide` is handed the instant and what was heard. :func:`run` is the shell.
"""

from producers.clock.deciding import SOURCE, decide
from producers.clock.lease import Lease
from producers.clock.running import Clock, run
from producers.clock.watch import Live, Watch

__all__ = ["SOURCE", "Clock", "Lease", "Live", "Watch", "decide", "run"]
