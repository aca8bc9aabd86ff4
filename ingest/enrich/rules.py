"""Lists that enrichment goes by, and that a user can extend in a TOML file (`ingest.enrich.rule_file`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BotRule:
    """A user's own word on a bot: what is in its user agent, as the expression `pattern`, its name and class.

    `said` is how the user said it, for the reason that is kept.
    """

    pattern: str
    name: str
    bot_class: str
    said: str


@dataclass(frozen=True, slots=True)
class ReferrerRule:
    """A user's own word on referrers from a host or a domain; without `source` it is the host."""

    host: str
    medium: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of a user's own, beside those that come with footfall; they go before them.

    `endings` of paths, lower case without dot, and `paths`, expressions, each have the class of the resource.
    `bots` are told by the user agent, `not_bots` are expressions of those that are persons whatever the lists say.
    `internal_hosts` are the user's own, with all hosts below them; `referrers` say where others come from.
    `campaign_parameters` are pairs of a column and a further parameter of the query.

    `scrub_parameters` are further names of parameters whose values are taken out of URLs, `scrub_patterns` regular
    expressions of what is taken out wherever it stands in one. All expressions are of Rust's regex crate.
    """

    endings: tuple[tuple[str, str], ...] = ()
    paths: tuple[tuple[str, str], ...] = ()
    bots: tuple[BotRule, ...] = ()
    not_bots: tuple[str, ...] = ()
    internal_hosts: tuple[str, ...] = ()
    referrers: tuple[ReferrerRule, ...] = ()
    campaign_parameters: tuple[tuple[str, str], ...] = ()
    scrub_parameters: tuple[str, ...] = ()
    scrub_patterns: tuple[str, ...] = ()
