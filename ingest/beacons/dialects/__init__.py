"""The dialects of beacons, one file each; `google_events` is what two of them share."""
