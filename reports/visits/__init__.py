"""Visits: what one visitor did in one go, derived from events when a report is asked for.

In reading order: `rule` (what a visitor, a hit, a visit and a bounce are), `profiles` (the rules of footfall and of
other systems, by name), `hits` (the events that take part), `sessions` (hits in order, cut into visits), `visits` (a
row for each visit), `items` (line items of orders), `matching` (what a hit has to be), `goals` and `funnels` (what a
site wants its visitors to do, and how far they came), `facts` (what reports are built from: events, hits and visits of
one partition).
"""

from reports.visits.facts import Facts
from reports.visits.profiles import PROFILES, find_profile
from reports.visits.rule import VisitRule

__all__ = ["PROFILES", "Facts", "VisitRule", "find_profile"]
