"""Query and Scan: pages of items in order, at most 1 MB of them, resumable.

Items are never looked at when nobody filters or projects: SQLite joins their JSON into one, in one step per page, so
that the interpreter lock is not fought for at each row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import msgspec

from footfall.store.embedded import requests
from footfall.store.embedded.capacity import consumed, read_units
from footfall.store.embedded.conditions import holds, parse_condition
from footfall.store.embedded.grammar import Condition, Path, Placeholders
from footfall.store.embedded.key_conditions import parse_key_condition
from footfall.store.embedded.keys import segment_range
from footfall.store.embedded.paths import parse_projection, project
from footfall.store.embedded.problem import Problem, invalid
from footfall.store.embedded.ranges import Items, Range, bucket_range
from footfall.store.embedded.session import Session
from footfall.store.embedded.tables import Table, find_table
from footfall.store.embedded.values import Item, decode_item

PAGE_BYTES: Final = 2**20
MAX_SEGMENTS: Final = 1_000_000
_SPARE: Final = 1.05
"""How many times the rows that fill a page on average are asked for at first; twice as many when they do not."""

_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class View:
    """What of a page's items is answered: those that pass the filter, the projected part of them, or only counts."""

    condition: Condition | None
    paths: list[Path] | None
    count_only: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The first `rows` rows of a range: their bytes, whether there may be more, and their JSON unless only counted."""

    rows: int
    size: int
    more: bool
    data: bytes


def scan(session: Session, request: requests.Scan) -> bytes:
    """Return a page of a table or of one of its segments, in bucket order."""
    table = find_table(session.connection, request.table_name)
    placeholders = Placeholders(request.expression_attribute_names, request.expression_attribute_values)
    view = _view(request, placeholders)
    placeholders.refuse_unused()
    rows = bucket_range(*_segment(request))
    return _answer(
        session, table, request, view, _resumed(table, request, rows, "The provided starting key is invalid")
    )


def query(session: Session, request: requests.Query) -> bytes:
    """Return a page of the items of one partition key, in sort-key order."""
    table = find_table(session.connection, request.table_name)
    placeholders = Placeholders(request.expression_attribute_names, request.expression_attribute_values)
    rows = parse_key_condition(request.key_condition_expression, table.schema, placeholders)
    view = _view(request, placeholders)
    placeholders.refuse_unused()
    outside = "The provided starting key is outside query boundaries based on provided conditions"
    return _answer(
        session,
        table,
        request,
        view,
        _resumed(table, request, rows.ordered(request.scan_index_forward), outside),
    )


def _view(request: requests.PageRequest, placeholders: Placeholders) -> View:
    paths = parse_projection(request.projection_expression, placeholders)
    condition = parse_condition("FilterExpression", request.filter_expression, placeholders)
    if paths is not None and request.select not in {None, "SPECIFIC_ATTRIBUTES"}:
        raise invalid(f"Cannot specify the ProjectionExpression when choosing to get {request.select}")

    if request.limit is not None and request.limit < 1:
        raise invalid(
            f"1 validation error detected: Value '{request.limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )

    return View(condition, paths, request.select == "COUNT")


def _segment(request: requests.Scan) -> tuple[int, int]:
    segment, total = request.segment, request.total_segments
    if segment is None and total is None:
        return segment_range(0, 1)

    if total is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment is present"
        )

    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request "
            "when parameter TotalSegments is present"
        )

    if not 1 <= total <= MAX_SEGMENTS:
        raise invalid(
            f"1 validation error detected: Value '{total}' at 'totalSegments' failed to satisfy constraint: "
            "Member must have value between 1 and 1000000"
        )

    if not 0 <= segment < total:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )

    return segment_range(segment, total)


def _resumed(table: Table, request: requests.PageRequest, rows: Range, outside: str) -> Range:
    if request.exclusive_start_key is None:
        return rows

    try:
        place = table.schema.exact_place(request.exclusive_start_key)
    except Problem as problem:
        raise invalid(f"The provided starting key is invalid: {problem.message}") from None

    if not rows.holds(place):
        raise invalid(outside)

    return rows.after(place)


def _answer(session: Session, table: Table, request: requests.PageRequest, view: View, rows: Range) -> bytes:
    page = _page(session, table, rows, request.limit, sizes_only=view.count_only and view.condition is None)
    members = list(_members(page, view))
    if page.more:
        members.append(b'"LastEvaluatedKey":' + _last_key(session, table, rows, page))

    if request.return_consumed_capacity != "NONE":
        units = read_units(page.size, consistent=request.consistent_read)
        document = consumed(request.return_consumed_capacity, table.name, units)
        members.append(b'"ConsumedCapacity":' + msgspec.json.encode(document))

    return b"{" + b",".join(members) + b"}"


def _page(session: Session, table: Table, rows: Range, limit: int | None, *, sizes_only: bool) -> Page:
    asked = _rows_per_page(table)
    while True:
        wanted = asked if limit is None else min(asked, limit)
        items = _fetch(session, table, rows, wanted, sizes_only=sizes_only)
        sums = list(accumulate(items.sizes))
        fitting = bisect_right(sums, PAGE_BYTES)
        full = fitting < len(sums)
        if full or len(sums) < wanted or wanted == limit:
            # DynamoDB gives a key to go on from whenever it stopped at the limit, even if nothing follows.
            size = sums[fitting - 1] if sums else 0
            return Page(fitting, size, full or len(sums) == limit, items.first(fitting))

        asked *= 2


def _rows_per_page(table: Table) -> int:
    average = table.size_bytes / max(1, table.item_count)
    return int(PAGE_BYTES / max(1.0, average) * _SPARE) + 1


def _fetch(session: Session, table: Table, rows: Range, wanted: int, *, sizes_only: bool) -> Items:
    if sizes_only:
        return Items(rows.sizes(session.connection, table.rows, wanted), [], b"")

    return rows.items(session.connection, table.rows, wanted)


def _members(page: Page, view: View) -> Iterator[bytes]:
    data, count = page.data, page.rows
    if view.condition is not None or view.paths is not None:
        data, count = _seen(data, view)

    if not view.count_only:
        yield b'"Items":[' + data + b"]"

    yield b'"Count":%d,"ScannedCount":%d' % (count, page.rows)


def _seen(joined: bytes, view: View) -> tuple[bytes, int]:
    kept = []
    for raw in _ITEMS.decode(b"[" + joined + b"]"):
        item = decode_item(raw)
        if holds(view.condition, item):
            kept.append(_projected(raw, item, view.paths))

    return b",".join(kept), len(kept)


def _projected(raw: msgspec.Raw, item: Item, paths: list[Path] | None) -> bytes:
    return bytes(raw) if paths is None else msgspec.json.encode(project(item, paths))


def _last_key(session: Session, table: Table, rows: Range, page: Page) -> bytes:
    item = decode_item(rows.item_at(session.connection, table.rows, page.rows - 1))
    return msgspec.json.encode(table.schema.key_of(item))
