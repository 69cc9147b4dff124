"""The agents: one a module, one verb each.

``forecast`` folds events and forecasts what changed; ``record`` writes forecasts to Postgres and
``archive`` events. Each is a Faust app with a cursor of its own, so that a slow one never holds up
another. What may come in: faust_redis, and everything below agents.
"""
