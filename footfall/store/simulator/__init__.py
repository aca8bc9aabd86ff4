"""A table with limits, in front of an engine that has none: to rehearse a capacity plan, and to test exactly.

In reading order:

* `conditions`: what is asked for, from the parameters of a store's URL
* `rates`: units per second that change over time; `buckets`: what is left of them; `limits`: a table's and its
  partitions' buckets; `growth`: how a table on demand gets larger
* `faults`: which requests meet which fault; `chance`: draws from a seed
* `writes`: what a request that writes costs, put by put; `subjects`: which table and partition a
  request is about
* `replies`: DynamoDB's words for all this
* `metered`: the table with the limits; `engine`: a request's way through all of it

Everything but the last two is pure: the moment is an argument, chance comes from the seed and the request's number.
"""

from footfall.store.simulator.conditions import Conditions, parse_conditions
from footfall.store.simulator.engine import SimulatedEngine

__all__ = ["Conditions", "SimulatedEngine", "parse_conditions"]
