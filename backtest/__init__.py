"""Scores a replay: metrics and a report; imports agents and below."""
