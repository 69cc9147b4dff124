"""Measurements of the whole and of its parts, under a seeded load; see README.md here."""
