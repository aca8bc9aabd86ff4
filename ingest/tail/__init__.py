"""Follow logs for ever: across rotation of every kind, gaps while nobody followed, and files that come and go.

In reading order: `look` (which files there are), `plain` and `packed` (one file that is held open, growing or
compressed), `member` (such a file with what is known of it), `holdings` (all of them, and which are over), `selection`
(which log each one holds, and whether it is read), `reading` (the steps with one of them), `claims` (whose turn it is,
and whose log), `turns` (a chunk of each in turn), `watch` (when to look again), `follower` (the feed that puts them
together).

What a file is called says nothing here, what it is does: a file that is held is known by its descriptor, a file that is
met is known by its first line and by the bytes before its checkpoint.
"""

from __future__ import annotations

from ingest.tail.follower import Follower
from ingest.tail.watch import WatchMode

__all__ = ["Follower", "WatchMode"]
