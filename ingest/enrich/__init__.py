"""Enrichment: events as they were logged in, events as they are stored out. Pure, columnar, in a fixed order.

In reading order: `pipeline` (the order, in two halves with the late filters between them), `settings`, `rules`
(lists that a user can extend), `distinct` (work once per distinct value), then a file for each step. To understand:
`rewrite`, `client` (the address behind proxies), `url`, `site`, `campaign`, `referrer`, `agent`, `resource`,
`geography`, `visitor`. To conceal: `consent`, `scrub`, `mask`.
"""

from ingest.enrich.pipeline import conceal, enrich, understand
from ingest.enrich.settings import AddressPolicy, Enrichment, EnrichSettings

__all__ = ["AddressPolicy", "EnrichSettings", "Enrichment", "conceal", "enrich", "understand"]
