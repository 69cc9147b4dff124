"""Scores a replay: the last forecast before kick-off against what happened and the market.

What may come in: producers' rows of matches and model_store's measures; no server.
"""
