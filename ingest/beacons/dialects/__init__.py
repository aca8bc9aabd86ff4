"""The dialects of beacons, one file each.

`owa`, `matomo`, `goatcounter`, `snowplow`, `ga4` and `measurement_protocol` (with `google_events`, which they share),
`plausible`, `umami`, `posthog`.
"""
