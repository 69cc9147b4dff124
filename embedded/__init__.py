"""Real servers for those who have none: Redis (or Valkey) and Postgres, started and stopped by us.

Of ours only ``schemas.errors`` may come in.
"""
