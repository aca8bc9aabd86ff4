"""Send one request and judge what came back: what is stored, what goes again, who is to blame, what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import msgspec

from footfall.clock import Clock
from footfall.store import Store
from footfall.store.engine import NoReply, Reply
from footfall.store.outcome import Limit, Verdict, error_for, judge, limits_of, raw_reasons
from footfall.store.writer.batches import Batch, Put, puts_of
from footfall.store.writer.blame import Blame, Suspicion
from footfall.store.writer.capacity import TableCapacity
from footfall.store.writer.costs import Costs
from footfall.store.writer.figures import Figures
from footfall.store.writer.gate import Gate
from footfall.store.writer.lanes import Lane, Lanes
from footfall.store.writer.pace import Pace
from footfall.store.writer.rate import CUBIC, Law, Rate
from footfall.store.writer.reply import left_of, read_reply
from footfall.store.writer.width import Width

OPERATION: Final = "BatchWriteItem"
UNPROCESSED: Final = "UnprocessedItems"
MAXIMUM: Final = "maximum on-demand throughput"
LIMITED_BY: Final = {Limit.TABLE: "table", Limit.ACCOUNT: "account", Limit.MAX_ON_DEMAND: MAXIMUM}
_FOREIGN: Final = "a reply that is not DynamoDB's, from a proxy perhaps"


@dataclass(frozen=True, slots=True)
class Request:
    """A batch on its way: what it was expected to cost, when it was sent, and its lane if it has one."""

    batch: Batch
    units: float
    sent_at: float
    lane: Lane | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a request: the puts to send again; `refusal` is the reply when it was refused as it is.

    With `was_held` it was not sent at all: while it waited a partition became hot, which some of its puts may be of.
    """

    left: tuple[Put, ...] = ()
    refusal: Reply | None = None
    was_held: bool = False


class Sender:
    """Sends requests as fast as the table takes them, and learns from each reply how fast that is."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tally: Figures,
        *,
        table: str,
        writers: int,
        max_write_units: float,
    ) -> None:
        self.last_problem = ""
        self.refused_in_a_row = 0
        self.lanes = Lanes()
        self.stored_at = clock.monotonic()
        self.width = Width(writers)
        self._store = store
        self._table = table
        self._clock = clock
        self._tally = tally
        self._max_write_units = max_write_units
        self._costs = Costs()
        self._suspicion = Suspicion()
        self._ceiling_name = "--max-write-units"
        self._limit_name = ""
        self.begin(TableCapacity())

    def begin(self, capacity: TableCapacity, law: Law = CUBIC) -> None:
        """Start, or start anew, at what the table is known to take."""
        if capacity.maximum < self._max_write_units:
            self._ceiling_name = MAXIMUM

        ceiling = min(capacity.maximum, self._max_write_units)
        self.pace = Pace(Rate(capacity.units, ceiling=ceiling, law=law), self._clock.monotonic())
        self._gate = Gate(self._clock, self.pace, self.width)
        self._tally.ceiling_units_per_second = None if ceiling == inf else ceiling
        self._report()

    def puts_at_once(self, batch: Batch) -> int:
        """Return how many puts of `batch` may go into one request."""
        return self.pace.puts_at_once(self._costs.units_of(batch) / batch.puts)

    async def send(self, batch: Batch, order: int, lane: Lane | None = None) -> Sent:
        """Send one request when it is its turn; return what became of it. Raises what `error_for` gives."""
        units, lanes_opened = self._costs.units_of(batch), self.lanes.opened
        await self._gate.enter(order, units)
        if lane is None and lanes_opened != self.lanes.opened:
            self.pace.correct(-units)
            self._gate.leave()
            return Sent(puts_of(batch, self._table), was_held=True)

        self._tally.requests += 1
        request = Request(batch, units, self._clock.monotonic(), lane)
        if lane is not None:
            lane.pace.spend(units, request.sent_at)

        try:
            reply = await self._store.engine.call(OPERATION, batch.body)
        except NoReply as lost:
            return self._failed(request, str(lost))
        finally:
            self._gate.leave()

        sent = self._judged(request, reply)
        self._report()
        return sent

    def _judged(self, request: Request, reply: Reply) -> Sent:
        verdict = judge(reply)
        if verdict is Verdict.DONE:
            return self._done(request, reply)

        said = f"{reply.error_code or f'HTTP {reply.status}'} {reply.error_message}".strip()
        if verdict is Verdict.RETRY:
            return self._failed(request, said)

        if verdict is Verdict.FATAL:
            raise error_for(OPERATION, self._table, reply, self._store.location)

        self.width.succeed()
        self._refund(request, request.units)
        if verdict is Verdict.REFUSED:
            return Sent(refusal=reply)

        self.last_problem = said
        self._tally.throttle_reasons.update(raw_reasons(reply) or [reply.error_code or "HTTP 429"])
        sent = self._puts(request)
        self._slow_down(request, self._suspicion.told(limits_of(reply), sent), sent, sent, 0.0)
        return Sent(sent)

    def _done(self, request: Request, reply: Reply) -> Sent:
        try:
            answer = read_reply(reply.body)
            left = left_of(request.batch, answer, self._table)
        except msgspec.MsgspecError:
            return self._failed(request, _FOREIGN)

        if left is None:
            return self._failed(request, _FOREIGN)

        self.width.succeed()
        stored = request.batch.puts - len(left)
        self._tally.consumed_write_units += answer.consumed_units
        self._tally.written += stored
        self._costs.learn(request.batch, stored, answer.consumed_units)
        # Not every server that speaks DynamoDB's protocol tells what was consumed.
        units = answer.consumed_units or request.units * stored / request.batch.puts
        self._refund(request, request.units - units)
        if stored:
            self.stored_at, self.refused_in_a_row = self._clock.monotonic(), 0

        if not left:
            self._accept(request, units, 0.0)
            return Sent()

        self.last_problem = "every reply left items unprocessed"
        self._tally.unprocessed += len(left)
        self._tally.throttle_reasons[UNPROCESSED] += 1
        sent = self._puts(request)
        self._slow_down(request, self._suspicion.inferred(sent, left), sent, left, units)
        return Sent(left)

    def _failed(self, request: Request, problem: str) -> Sent:
        self.last_problem = problem
        self.width.fail(request.sent_at, self._clock.monotonic(), self._clock.random())
        self._report()
        return Sent(self._puts(request))

    def _slow_down(
        self, request: Request, blame: Blame, sent: Sequence[Put], left: Sequence[Put], units: float
    ) -> None:
        """Let the pace that is to blame fall; what it refused is paid for, or refusals would speed it up."""
        now = self._clock.monotonic()
        self._tally.throttled += 1
        share = len(left) / len(sent)
        is_table = blame.limit is not None and (request.lane is None or blame.limit is not Limit.TABLE)
        for pk in blame.hot:
            self.lanes.heat(pk, now)

        if request.lane is not None and not is_table:
            request.lane.pace.accept(units, share, now)
            request.lane.pace.throttle(request.sent_at, now)
            request.lane.pace.charge_refused(request.units * share)

        self.pace.accept(units, share if is_table else 0.0, now)
        if is_table and blame.limit is not None:
            self._limit_name = LIMITED_BY[blame.limit]
            self.pace.throttle(request.sent_at, now, is_maximum=blame.limit is Limit.MAX_ON_DEMAND)
            self.pace.charge_refused(request.units * share)

    def _accept(self, request: Request, units: float, refused: float) -> None:
        now = self._clock.monotonic()
        self.pace.accept(units, refused, now)
        if request.lane is not None:
            request.lane.pace.accept(units, refused, now)

    def _refund(self, request: Request, units: float) -> None:
        self.pace.correct(-units)
        if request.lane is not None:
            request.lane.pace.correct(-units)

    def _puts(self, request: Request) -> tuple[Put, ...]:
        return puts_of(request.batch, self._table)

    def _report(self) -> None:
        """Tell the tally how fast it goes, and what limits that."""
        now = self._clock.monotonic()
        self.lanes.cool(now)
        rate = self.pace.rate.units
        self._tally.write_units_per_second = None if rate == inf else rate
        self._tally.limited_by = self._limited_by(now)

    def _limited_by(self, now: float) -> str:
        if self.width.is_reduced:
            return "errors"

        if self.pace.is_limiting(now):
            is_at_ceiling = self.pace.rate.units >= self.pace.rate.ceiling
            return self._ceiling_name if is_at_ceiling else self._limit_name or "slow start"

        hot = next((lane.pk for lane in self.lanes if lane.pace.is_limiting(now)), None)
        return f"hot partition {hot}" if hot is not None else ""
