"""The dialects of beacons, one file each."""
