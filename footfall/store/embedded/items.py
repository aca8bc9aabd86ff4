"""GetItem, PutItem, UpdateItem and DeleteItem: one item at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from footfall.store.embedded import requests
from footfall.store.embedded.capacity import read_units, with_capacity
from footfall.store.embedded.conditions import holds, parse_condition
from footfall.store.embedded.grammar import Condition, Path, Placeholders
from footfall.store.embedded.incoming import made, take_in
from footfall.store.embedded.keys import Place
from footfall.store.embedded.paths import copied, find, parse_projection, project
from footfall.store.embedded.problem import CONDITION_FAILED, Problem, invalid, invalid_parameter
from footfall.store.embedded.rows import delete_all, get, put_all
from footfall.store.embedded.session import Session
from footfall.store.embedded.tables import Table, find_table
from footfall.store.embedded.updates import Update, parse_update
from footfall.store.embedded.values import Item, decode_item

_OLD_ONLY: Final = frozenset({"NONE", "ALL_OLD"})


@dataclass(frozen=True, slots=True)
class Stored:
    """The item at a place before a write; empty and of size 0 when there is none."""

    item: Item
    size: int
    data: bytes | None


def get_item(session: Session, request: requests.GetItem) -> bytes:
    """Return the item with a key, if there is one."""
    table = find_table(session.connection, request.table_name)
    placeholders = Placeholders(request.expression_attribute_names, None)
    paths = parse_projection(request.projection_expression, placeholders)
    placeholders.refuse_unused()
    found = get(session.connection, table, table.schema.exact_place(request.key))
    size, data = found or (0, None)
    answer: dict[str, object] = {}
    if data is not None:
        answer["Item"] = msgspec.Raw(data) if paths is None else project(decode_item(data), paths)

    units = read_units(size, consistent=request.consistent_read)
    return msgspec.json.encode(with_capacity(answer, request.return_consumed_capacity, table.name, units))


def put_item(session: Session, request: requests.PutItem) -> bytes:
    """Store an item if its condition holds."""
    _refuse_return_values(request)
    table = find_table(session.connection, request.table_name)
    condition = _condition(request)
    put = take_in(request.item).put(table.schema)
    old = _stored(session, table, put.place)
    _require(condition, old, request)
    units = put_all(session.connection, table, [put])
    return _answer(request, table, units, _shown(request, old, {}, ()))


def delete_item(session: Session, request: requests.DeleteItem) -> bytes:
    """Delete an item if its condition holds; deleting nothing is no error."""
    _refuse_return_values(request)
    table = find_table(session.connection, request.table_name)
    condition = _condition(request)
    place = table.schema.exact_place(request.key)
    old = _stored(session, table, place)
    _require(condition, old, request)
    units = delete_all(session.connection, table, [place])
    return _answer(request, table, units, _shown(request, old, {}, ()))


def update_item(session: Session, request: requests.UpdateItem) -> bytes:
    """Change an item, or make one from its key, if its condition holds."""
    table = find_table(session.connection, request.table_name)
    placeholders = Placeholders(request.expression_attribute_names, request.expression_attribute_values)
    update = parse_update(request.update_expression, placeholders)
    condition = parse_condition("ConditionExpression", request.condition_expression, placeholders)
    placeholders.refuse_unused()
    _refuse_key_changes(table, update)
    place = table.schema.exact_place(request.key)
    old = _stored(session, table, place)
    _require(condition, old, request)
    new = {**request.key, **copied(old.item)}
    update.apply(old.item, new)
    units = put_all(session.connection, table, [made(new).put(table.schema)])
    return _answer(request, table, units, _shown(request, old, new, update.paths))


def _condition(request: requests.ItemWrite) -> Condition | None:
    placeholders = Placeholders(request.expression_attribute_names, request.expression_attribute_values)
    condition = parse_condition("ConditionExpression", request.condition_expression, placeholders)
    placeholders.refuse_unused()
    return condition


def _stored(session: Session, table: Table, place: Place) -> Stored:
    found = get(session.connection, table, place)
    if found is None:
        return Stored({}, 0, None)

    size, data = found
    return Stored(decode_item(data), size, data)


def _require(condition: Condition | None, old: Stored, request: requests.ItemWrite) -> None:
    if holds(condition, old.item):
        return

    shown = old.data if request.return_values_on_condition_check_failure == "ALL_OLD" else None
    raise Problem(CONDITION_FAILED, "The conditional request failed", item=shown)


def _refuse_return_values(request: requests.ItemWrite) -> None:
    if request.return_values not in _OLD_ONLY:
        raise invalid("Return values set to invalid value")


def _refuse_key_changes(table: Table, update: Update) -> None:
    for path in update.paths:
        if path[0] in table.schema.names:
            raise invalid_parameter(f"Cannot update attribute {path[0]}. This attribute is part of the key")


def _shown(request: requests.ItemWrite, old: Stored, new: Item, paths: tuple[Path, ...]) -> Item | None:
    """Return the attributes that ReturnValues asks for; None when there is nothing to show."""
    source = new if request.return_values.endswith("NEW") else old.item
    if request.return_values == "NONE" or not source:
        return None

    if request.return_values.startswith("ALL"):
        return source

    return project(source, [path for path in paths if find(source, path) is not None])


def _answer(request: requests.ItemWrite, table: Table, units: int, shown: Item | None) -> bytes:
    answer: dict[str, object] = {} if shown is None else {"Attributes": shown}
    return msgspec.json.encode(with_capacity(answer, request.return_consumed_capacity, table.name, units))
