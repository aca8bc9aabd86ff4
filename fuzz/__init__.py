"""Hostile input for everything that reads what strangers write.

In reading order: `mutations` (ways to spoil a line), `seeds` (lines to begin with), `checks` (what must hold whatever
comes), `targets` (what is fuzzed), `drive` (one coverage-guided run over one target, by atheris), `__main__` (all
targets for a while: ``make fuzz``). The same mutations and checks stand behind `tests/ingest/test_hostile.py`, where
hypothesis drives.
"""
