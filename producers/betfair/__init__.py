"""The Betfair Exchange as recorded stream files: ``mcm`` messages become prices and suspensions."""

from producers.betfair.book import Ladder, Market
from producers.betfair.feed import SOURCE, Tally, read
from producers.betfair.fixtures import Fixture, load_fixtures
from producers.betfair.messages import Change, Message, read_change, read_messages

__all__ = [
    "SOURCE",
    "Change",
    "Fixture",
    "Ladder",
    "Market",
    "Message",
    "Tally",
    "load_fixtures",
    "read",
    "read_change",
    "read_messages",
]
