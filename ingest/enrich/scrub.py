"""Take what looks like a secret or a person out of URLs.

Three things go, each replaced by ``*``: the values of parameters whose name says that they are secret, values that
are secret or personal by their form, and the user and password of an authority (RFC 3986, 3.2.1), which go without
trace.

What was weighed. A name is on the list where its value gives access to something or names somebody, even though other
sites use it for harmless things (``sid``, ``pin``, ``ip``). ``code``, ``key``, ``hash``, ``state`` and ``ticket`` are
not: they mostly say which product, language or page was asked for, and an OAuth code is void after its first use.
Values that are long and random are not taken for secrets: asset versions, transaction and click ids look the same. A
user who knows better adds names and patterns of their own (`ingest.enrich.rules`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final, Literal

import polars as pl

from ingest.enrich.distinct import Distinct, Memory, code_name
from ingest.enrich.settings import EnrichSettings

Part = Literal["query", "url", "path", "line", "text", "json"]

COLUMNS: Final[Mapping[str, Part]] = MappingProxyType(
    {
        "query": "query",
        "referrer": "url",
        "target": "url",
        "path": "path",
        "request": "line",
        "campaign": "text",
        "campaign_term": "text",
        "campaign_content": "text",
        "title": "text",
        "event_category": "text",
        "event_action": "text",
        "event_label": "text",
        "props": "json",
    }
)
"""Column → what stands in it."""

ENDINGS: Final = (
    "token",
    "secret",
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "pwd",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "accesskeyid",
    "private_key",
    "signature",
    "credential",
    "credentials",
    "sessionid",
    "session_id",
    "sessid",
    "mail",
    "phone",
    "jwt",
    "otp",
)
"""A parameter is secret when its name ends so, whatever the case: ``reset_token``, ``X-Amz-Signature``."""

NAMES: Final = (
    "auth",
    "authorization",
    "token_auth",
    "pass",
    "passcode",
    "pin",
    "sig",
    "sid",
    "session",
    "samlresponse",
    "tel",
    "mobile",
    "msisdn",
    "ssn",
    "iban",
    "ip",
    "cip",
    "uip",
    "_uip",
    "client_ip",
    "ip_address",
    "remote_addr",
)
"""A parameter is secret when this is its name, whatever the case; array forms (``user[pin]``) count."""

_GIVEAWAY: Final = (
    r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+"  # a JSON Web Token, RFC 7519
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"  # an AWS access key id
    r"|AIza[A-Za-z0-9_-]{35}"  # a Google API key
)
_CHANGEABLE: Final = r'[=@%"]|eyJ|AKIA|ASIA|AIza'
"""What stands in every text that a step of ours changes: most texts have nothing of it."""

_VALUE_MARKS: Final = ("eyJ", "AKIA", "ASIA", "AIza", "@", "%40", "%2540")

_LOCAL: Final = r"""[^\x00-\x20/?&=;#,:<>()\[\]"'\\@*]+"""
_EMAIL: Final = (
    rf"{_LOCAL}(?:@|%(?:25)?40)"
    r"(?:\p{L}[\p{L}\p{N}-]*(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}"
    r"|\p{N}[\p{L}\p{N}-]*(?:\.[\p{L}\p{N}-]+)*\.(?:com|net|org|info|cn|de|fr|it|pl|ru|uk|jp|kr|co|io|eu))"
)
"""An e-mail address (RFC 5322, 3.4.1, as far as people have them), its at sign encoded or not.

A domain that begins with a digit needs a well-known end: ``logo@2x.png`` and ``jquery@3.7.1.js`` are files.
"""

_USER: Final = r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@"
_STAR: Final = "*"

Step = tuple[str, str]
"""A regular expression and what its matches become."""


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Substrings of which every text that may need scrubbing has one, and the steps for each part."""

    marks: tuple[str, ...]
    patterns: tuple[str, ...]
    steps: Mapping[Part, tuple[Step, ...]]


def scrub_urls(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events` with secrets and persons in `COLUMNS` replaced; once scrubbed, nothing changes any more."""
    if not settings.options.scrub:
        return events

    rules = settings.options.rules
    filled = (name for name in COLUMNS if name in events.columns and events[name].null_count() < len(events))
    scrubbed = (_scrubbed(events, name, rules.scrub_parameters, rules.scrub_patterns) for name in filled)
    return events.with_columns(series for series in scrubbed if series is not None)


def _scrubbed(
    events: pl.DataFrame, name: str, parameters: tuple[str, ...], patterns: tuple[str, ...]
) -> pl.Series | None:
    """Return a column scrubbed, None when there is nothing to scrub."""
    clean = _cleaning(COLUMNS[name], parameters, patterns)
    if code_name(name) not in events.columns:
        seen = events[name].drop_nulls().unique()
        changed = clean(seen).to_series()
        return None if changed.equals(seen) else events[name].replace(seen, changed)

    distinct = Distinct.of(events, name)
    seen = distinct.values(events[name])
    changed = clean(seen).to_series()
    return None if changed.equals(seen) else distinct.spread(changed).alias(name)


@lru_cache(maxsize=32)
def _cleaning(part: Part, parameters: tuple[str, ...], patterns: tuple[str, ...]) -> Memory:
    return Memory(partial(_cleaned, scrubber=_scrubber(parameters, patterns), part=part))


def _cleaned(texts: pl.Series, scrubber: Scrubber, part: Part) -> pl.DataFrame:
    """Return `texts` scrubbed, as the column `clean`."""
    dirty = texts.to_frame("dirty")
    patterns = [pl.col("dirty").str.contains(pattern) for pattern in scrubber.patterns]
    may_change = pl.any_horizontal(pl.col("dirty").str.contains(_CHANGEABLE), *patterns)
    suspects = dirty.filter(may_change)
    suspects = suspects.filter(_is_suspect(scrubber)) if len(suspects) else suspects
    if suspects.is_empty():
        return dirty.rename({"dirty": "clean"})

    changed = suspects.with_columns(_clean(scrubber.steps[part]))
    return texts.replace(changed["dirty"], changed["clean"]).to_frame("clean")


def _is_suspect(scrubber: Scrubber) -> pl.Expr:
    text = pl.col("dirty")
    marked = text.str.contains_any(list(scrubber.marks), ascii_case_insensitive=True)
    return pl.any_horizontal(marked, *(text.str.contains(pattern) for pattern in scrubber.patterns))


def _clean(steps: tuple[Step, ...]) -> pl.Expr:
    text = pl.col("dirty")
    for pattern, replacement in steps:
        text = text.str.replace_all(pattern, replacement)

    return text.alias("clean")


@lru_cache(maxsize=4)
def _scrubber(parameters: tuple[str, ...], patterns: tuple[str, ...]) -> Scrubber:
    names = "|".join((*NAMES, *(_escaped(name) for name in parameters)))
    endings = "|".join(ENDINGS)
    name = rf"(?:[^&=?#;\s]*(?:{endings})|(?:[^&=?#;\s]*(?:\[|%5B))?(?:{names}))(?:\]|%5D)?"
    inner = (
        rf"(?:(?:[^&=?#;%\s]|%5B)*(?:{endings})|(?:(?:[^&=?#;%\s]|%5B)*(?:\[|%5B))?(?:{names}))(?:\]|%5D)?"
    )
    query: tuple[Step, ...] = (
        (rf"(?i)(^|[?&;#])({name})=[^&#]+", "${1}${2}=*"),
        # A URL within a parameter, as of a page to go to after logging in.
        (rf"(?i)(%(?:3F|26|23|3B))({inner})%3D(?:[^&#%]|%[013-9a-f]|%2[0-57-9a-f])+", "${1}${2}%3D*"),
    )
    values: tuple[Step, ...] = (
        (_GIVEAWAY, _STAR),
        (_EMAIL, _STAR),
        *((pattern, _STAR) for pattern in patterns),
    )
    member = rf'(?i)("(?:[^"\\]*(?:{endings})|{names})"\s*:\s*")(?:[^"\\]|\\.)+'
    own = ((rf"((?:\\u[0-9A-Fa-f]{{4}}|\\.)?)(?:{pattern})", "${1}*") for pattern in (_GIVEAWAY, _EMAIL))
    steps: dict[Part, tuple[Step, ...]] = {
        "query": (*query, *values),
        "url": ((_USER, "${1}//"), *query, *values),
        "path": ((rf"(?i)(;{name})=[^/;?#]+", "${1}=*"), *values),
        "line": ((rf"(?i)([?&;#])({name})=[^&#\s]+", "${1}${2}=*"), *values),
        "text": values,
        "json": ((member, "${1}*"), *own),
    }
    marks = (*ENDINGS, *_name_marks(*NAMES, *parameters), *_VALUE_MARKS)
    return Scrubber(marks, patterns, MappingProxyType(steps))


def _name_marks(*names: str) -> list[str]:
    """Return what stands in every text with a parameter of one of `names`."""
    return [name + mark for name in names for mark in ("=", "]", "%3D", "%5D", '"')]


def _escaped(name: str) -> str:
    """Return a name as a regular expression that matches nothing else."""
    return "".join(
        letter if letter.isalnum() or letter == "_" else f"\\x{{{ord(letter):x}}}" for letter in name
    )
