"""Leave out events that a run does not want, and count them by reason.

In reading order: `model` (what a run wants), `known` (the table of fields that rules look at), `patterns` (rules made
of text), `matchers` (patterns over columns), `addresses` (networks), `condition` (SQL), `sample` (a share of the
visitors), `apply` (early rules, by what was logged; late ones, by what enrichment has understood; the order and the
reasons).
"""

from ingest.filters.apply import FILTER_REASONS, check, early, late
from ingest.filters.known import FIELDS
from ingest.filters.model import Filters, Rule
from ingest.filters.patterns import rule_of, rules_of_file

__all__ = [
    "FIELDS",
    "FILTER_REASONS",
    "Filters",
    "Rule",
    "check",
    "early",
    "late",
    "rule_of",
    "rules_of_file",
]
