"""Items to the table: cut into batches, and sent until every put is stored or named.

In reading order: `checks` (what cannot be stored), `batches` (items to requests), `pool` (the one owner of every
retry), `sender` (one request and what follows from its outcome), `reply` (what a reply leaves unprocessed); `capacity`
(what a table says it takes), `costs` (what a batch will cost), `rate` and `pace` (how fast), `width` and
`gate` (how many requests at once, and whose turn it is), `blame` and `lanes` (hot partitions, on their own), `figures`
(what it tells of itself).
"""
