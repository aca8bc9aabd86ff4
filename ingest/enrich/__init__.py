"""Enrichment: events as they were logged in, events as they are stored out. Pure, columnar, in a fixed order.

In reading order: `pipeline` (the order, in two halves with the late filters between them), `settings`, `rules`
(lists that a user can extend), `distinct` (work once per distinct value), then a file for each step. To understand:
`rewrite`, `client` with `proxies` (the address behind them), `url`, `site`, `campaign`, `referrer` with `origins`
(who stands behind a host), `agent` with `bots` and `devices`, `resource`, `language`, `geography`, `visitor`. To
conceal: `consent`, `scrub`, `mask`, `expire`. `lists` has the facts as tables; `rule_file` reads a user's rules.
"""

from ingest.enrich.pipeline import conceal, enrich, understand
from ingest.enrich.settings import AddressPolicy, Enrichment, EnrichSettings

__all__ = ["AddressPolicy", "EnrichSettings", "Enrichment", "conceal", "enrich", "understand"]
