"""What to begin with: the examples of all formats, dialects and definitions, lines of the samples, and small files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote_to_bytes

from footfall.errors import FootfallError
from fuzz.mutations import spoilt
from ingest.beacons.known import DIALECTS
from ingest.formats import FORMATS
from ingest.formats.specs import EXAMPLES, KINDS
from ingest.sources import find_sources, open_source

SAMPLES: Final = Path(__file__).resolve().parent.parent / "sample_logs"
LINES_OF_A_SAMPLE: Final = 2
FEW: Final = 20
"""How many seeds a target gets of which an execution takes long."""

PHP: Final = (
    b'a:2:{s:1:"a";i:-1;i:7;a:1:{s:1:"b";d:0.5;}}',
    b'O:9:"owa_event":2:{s:4:"\0*\0x";N;s:1:"y";b:1;}',
)
RULES: Final = (
    b'[resources.endings]\ndownload = ["step"]\n[resources.paths]\napi = ["/rpc/*", "?"]\n',
    b'[bots]\nnot = ["Acme"]\n[[bots.rules]]\nmatches = "^[0-9]+$"\nname = "Acme"\nclass = "monitoring"\n',
    b'[referrers]\ninternal = ["example.net"]\n[[referrers.rules]]\nhosts = ["example.org"]\nmedium = "x"\n',
    b'[campaigns]\ncampaign = ["cid"]\n[scrub]\nparameters = ["customer"]\npatterns = ["K-[0-9]{8}"]\n',
)
CONFIGURATIONS: Final = (
    b"http { log_format main '$remote_addr [$time_local] \"$request\"' '$status'; access_log a main; }\n",
    b'LogFormat "%h %l %u %t \\"%r\\" %>s %b" common\nCustomLog logs/access_log "%h %t"\nServerRoot "/x"\n',
)
LETTER: Final = (
    b'{"source":"a.log","source_id":"0","line":1,"offset":0,"reason":"no-match","sentence":"No.","raw_bytes":9,'
    b'"raw":"192.0.2.7 - x","format":"combined"}\n'
)
LETTERS: Final = (
    LETTER,
    LETTER + b'{"outcome":"stored","source_id":"0","offset":0}\n{"torn":"192.0.2.7',
    LETTER.replace(b'"raw":"192.0.2.7 - x"', b'"raw_base64":"MTkyLjAuMi43IP8="'),
)


@lru_cache(maxsize=256)
def example_lines(name: str) -> tuple[bytes, ...]:
    """Return the lines of a format's example, directives first where it has them."""
    return tuple(line.encode() for line in FORMATS[name].example.splitlines())


@lru_cache(maxsize=256)
def header_of(name: str) -> str:
    """Return the directive that a format's example stands under, empty when it has none."""
    directives = [line.decode() for line in example_lines(name) if line.startswith(b"#Fields:")]
    return directives[-1] if directives else ""


@lru_cache(maxsize=256)
def records(name: str) -> tuple[bytes, ...]:
    """Return records of a format, without directives and comments: its example's."""
    return tuple(line for line in example_lines(name) if line.strip() and not line.startswith(b"#"))


def sample_lines() -> Iterator[bytes]:
    """Yield a few lines from all over each sample."""
    for source in find_sources([str(SAMPLES)]):
        try:
            with open_source(source) as opened:
                lines = next(opened.chunks()).data.splitlines()
        except FootfallError:
            continue

        yield from lines[:: len(lines) // LINES_OF_A_SAMPLE + 1]


def beacon_texts() -> list[bytes]:
    """Return the examples of all dialects: query strings and bodies."""
    return [dialect.example.encode() for dialect in DIALECTS.values()]


def seeds_of(target: str) -> list[bytes]:
    """Return what a target begins with, each as it is and spoilt."""
    seeds = _SEEDS.get(target, _lines)()
    chance = Random(1)
    return [*seeds, *(_spoilt(seed, chance, seeds) for seed in seeds)]


def _spoilt(seed: bytes, chance: Random, others: list[bytes]) -> bytes:
    return seed[:1] + spoilt(seed[1:], chance, others)


def _lines() -> list[bytes]:
    """Return lines behind a byte that chooses the format or the dialect."""
    examples = [bytes([at]) + b"\n".join(example_lines(name)) for at, name in enumerate(FORMATS)]
    beacons = [bytes([at]) + text for at, text in enumerate(beacon_texts())]
    return [*examples, *beacons, *(bytes([at % 256]) + line for at, line in enumerate(sample_lines()))]


def _some_lines() -> list[bytes]:
    lines = [line[1:] for line in _lines()]
    return lines[:: len(lines) // FEW + 1]


def _definitions() -> list[bytes]:
    """Return definitions behind a byte that chooses the kind, each with a line below it."""
    line = records("combined")[0]
    return [
        bytes([at]) + EXAMPLES[kind].partition(":")[2].encode() + b"\n" + line
        for at, kind in enumerate(KINDS)
    ]


def _php() -> list[bytes]:
    queue = (line.rpartition(b"|*|")[2] for line in records("owa_queue"))
    return [*PHP, *(unquote_to_bytes(line.replace(b"+", b" ")) for line in queue)]


_SEEDS: Final[Mapping[str, Callable[[], list[bytes]]]] = MappingProxyType(
    {
        "detection": _some_lines,
        "definitions": _definitions,
        "php": _php,
        "rule_files": lambda: list(RULES),
        "configurations": lambda: list(CONFIGURATIONS),
        "letters": lambda: list(LETTERS),
    }
)
"""Target → what makes its seeds, where those are not lines behind a byte."""
