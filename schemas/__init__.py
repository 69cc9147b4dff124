"""All that crosses a process boundary: events, forecasts, Redis keys, SQL tables, errors.

Nothing of ours may come in here; the outside world only msgspec and SQLAlchemy.
"""
