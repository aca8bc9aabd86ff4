"""The dialects of beacons, one file each.

`owa`, `matomo`, `goatcounter`, `snowplow` (with `snowplow_entities`, what its contexts say), `ga4` and
`measurement_protocol` (with `google_events`, which they share), `plausible`, `umami`, `posthog`.
"""
