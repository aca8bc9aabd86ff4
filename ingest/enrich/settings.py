"""What a run's enrichment is told: what the user chooses, and what the table says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from footfall.salts import Salts, Secret, VisitorPolicy, choose_salts
from ingest.enrich.rewrite import Rewriting
from ingest.enrich.rules import Rules

AddressPolicy = Literal["masked", "full", "none"]
ConsentPolicy = Literal["anonymise", "drop", "ignore"]


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What a user chooses of enrichment.

    `addresses` is what to keep of addresses, `trusted_proxies` the networks whose word about a client is believed
    (or names of `ingest.enrich.proxies.NETWORKS`), `do_not_track` what becomes of events that carry DNT or Sec-GPC,
    `visitor_ids` how long a visitor has the same id, `secret` what salts are made of instead of the table's salt,
    `scrub` whether secrets and persons are taken out of URLs, `geography` a MaxMind database, `keep_days` for how many
    days an event is kept, None for good.
    """

    addresses: AddressPolicy = "masked"
    trusted_proxies: tuple[str, ...] = ()
    do_not_track: ConsentPolicy = "anonymise"
    visitor_ids: VisitorPolicy = "lasting"
    secret: Secret | None = None
    scrub: bool = True
    geography: Path | None = None
    keep_days: int | None = None
    rewriting: Rewriting = field(default_factory=Rewriting)
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class EnrichSettings:
    """How to enrich: a site for all events (None: each by its virtual host), the number of shards, the table's
    salt of visitor ids (at most 64 bytes), and what the user chooses.
    """

    site: str | None
    shards: int
    salt: bytes = field(repr=False)
    options: Enrichment = field(default_factory=Enrichment)

    @property
    def salts(self) -> Salts:
        """Return the salts in force."""
        return choose_salts(self.options.visitor_ids, self.options.secret, self.salt)
