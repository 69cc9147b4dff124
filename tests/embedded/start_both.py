"""Starts both servers, prints their processes and folders, and waits to be killed."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - looked up by name, too late for nobody
import json
import os
import pwd
import signal
import sys

import psycopg
import redis

import embedded.postgres
import embedded.redis
from embedded import lifeline

# Whoever started the tests in the background may have had these ignored, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

if "as-nobody" in sys.argv:
    # Only now: the interpreter itself may lie where nobody but root can read.
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)

with embedded.redis.start() as cache, embedded.postgres.start() as database:
    sleeper = lifeline.spawn(["sleep", "600"])
    with redis.Redis.from_url(cache.url) as client:
        pong = client.ping()
    conninfo = database.url.replace("+psycopg", "")
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT 41 + 1").fetchone()
    found = {
        "pids": [cache.pid, database.pid, sleeper.pid],
        "folders": [str(cache.run_dir), str(database.run_dir)],
        "pong": pong,
        "sum": row and row[0],
        "owner": database.run_dir.stat().st_uid,
    }
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    if "stay" in sys.argv:
        signal.pause()
    sleeper.stop()
