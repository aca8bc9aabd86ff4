"""The W3C Extended Log File Format, read by its own directives: IIS, CloudFront, ISA, NetScaler, Shoutcast."""

from __future__ import annotations

from typing import Final

from ingest.formats.model import Format

W3C: Final[tuple[Format, ...]] = ()
