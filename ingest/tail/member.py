"""A file of a log that is held open, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.checkpoint import CheckpointKeeper
from ingest.flow import Running
from ingest.formats import Format
from ingest.sources import Source
from ingest.tail.look import FamilyKey, Key, Order, Seen, Stamp
from ingest.tail.packed import PackedFile
from ingest.tail.plain import PlainFile


@dataclass(slots=True, eq=False)
class Family:
    """One log: `first_seen` are the files it had when following began.

    `left_alone` are the sources that are older than anything that was ever read of it, `form` the format of the file
    that was begun last.
    """

    key: FamilyKey
    first_seen: frozenset[Key]
    left_alone: set[str] = field(default_factory=set)
    form: Format | None = None


@dataclass(slots=True, eq=False)
class Member:
    """A file that is held open.

    `changed_at` is when its content changed or it was rotated, by the monotonic clock. `is_over` says that the log goes
    on in another file. `is_wanted` is None until it is decided whether it is read. `is_stirred` says that it changed
    since it was looked into. `unread_bytes` are whole lines, which appeared at `appeared_at` and are to be read at
    `due_at`.
    """

    seen: Seen
    family: Family
    plain: PlainFile
    changed_at: float
    is_wanted: bool | None
    order: Order
    stamp: Stamp
    was_noted: bool = False
    is_present: bool = True
    is_over: bool = False
    is_stirred: bool = True
    packed: PackedFile | None = None
    source_id: str | None = None
    keeper: CheckpointKeeper | None = None
    running: Running | None = None
    is_begun: bool = False
    is_acquiring: bool = False
    has_left: bool = False
    sampled: tuple[Stamp, bool, bool] | None = None
    unread_bytes: int = 0
    appeared_at: float | None = None
    due_at: float | None = None

    @property
    def source(self) -> Source:
        """Return the file as a source, whose identity is made from the name of its log."""
        return Source(self.seen.name, self.family.key[1], self.seen.path)

    def is_quiet(self, now: float, seconds: float) -> bool:
        """Tell whether nothing has happened to it for so many seconds."""
        return now - self.changed_at >= seconds

    def start_again(self, now: float) -> None:
        """Take what the file holds now for a log that nothing is known of."""
        self.plain.start_again()
        self.source_id = self.keeper = self.running = self.sampled = None
        self.is_begun = self.has_left = False
        self.is_stirred = True
        self.is_wanted = True if self.seen.is_named else None
        self.changed_at = now
        self.has_read_all()

    def has_read_all(self) -> None:
        """Note that no whole line is unread."""
        self.unread_bytes = 0
        self.appeared_at = self.due_at = None
