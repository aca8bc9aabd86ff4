"""DynamoDB in a SQLite file: the default store, and what the tests run on.

In reading order, as a request goes:

* `engine`: operations by name; `requests`: what they take; `problem`: how they are refused
* `database`: threads, transactions, group commit; `file`: opening the file, its errors in words
* `batch`: BatchWriteItem; `items`: one item at a time; `pages`: Query and Scan; `admin`: tables; `session`
* `incoming`: items on their way in
* `rows`, `ranges`, `tables`: the SQL; `keys`, `values`, `numbers`, `capacity`: DynamoDB's rules as arithmetic
* `grammar`, `conditions`, `updates`, `key_conditions`, `paths`, `reserved`: DynamoDB's expressions
"""

from footfall.store.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
