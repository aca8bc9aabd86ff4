"""Text logs of AWS: ALB, classic ELB, NLB, S3, API Gateway."""

from __future__ import annotations

from typing import Final

from ingest.formats.model import Format

AWS: Final[tuple[Format, ...]] = ()
