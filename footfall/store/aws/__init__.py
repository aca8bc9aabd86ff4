"""The engine that is DynamoDB, or a server that speaks its protocol.

Endpoint, region, credentials and their refresh, proxies and CA bundles are whatever botocore makes of the usual AWS
environment; requests are signed with botocore's signer and sent over aiobotocore's HTTP session. Going below the
client saves the serialising and parsing of bodies that are ready bytes on our side: 0.2 ms instead of 2.6 ms of CPU
for a batch of 25.

In reading order: `engine` (one request, and the two refusals that are mended here: credentials that have expired, a
clock that is wrong), `endpoint` (where), `credentials` (who), `signing` (when), `errors` (what botocore and aiohttp
raise, in our words). All other retries are the caller's, so there is exactly one owner of them.

`secrets` and `objects` (with `object_errors`) are about other services, Secrets Manager and S3, asked over
aiobotocore's client, which tries again by itself.
"""

from footfall.store.aws.endpoint import AwsSettings
from footfall.store.aws.engine import AwsEngine

__all__ = ["AwsEngine", "AwsSettings"]
