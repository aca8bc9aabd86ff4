"""Lines that could not be stored, and how they are read again.

In reading order: `record` (a dead letter and what became of it, as NDJSON), `file` (appends them, durably), `read`
(folds a file into its letters), `overview` (counts those that wait), `again` (waiting letters to batches: the pure
half of a retry), `retry` (stores them and notes it), `run` (signals around that), `forget` (a person's lines erased
where they stand).
"""

from ingest.deadletters.file import DeadLetterFile
from ingest.deadletters.read import Letters, read_letters
from ingest.deadletters.record import LARGEST_RAW_BYTES, DeadLetter, Outcome, Reading, dead_letter

__all__ = [
    "LARGEST_RAW_BYTES",
    "DeadLetter",
    "DeadLetterFile",
    "Letters",
    "Outcome",
    "Reading",
    "dead_letter",
    "read_letters",
]
