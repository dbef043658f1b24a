"""Measurements, side by side in one run: ``python -m benchmarks --help``.

They are never tests: machines differ, ratios within one run tell. Every contestant
must give the right answer, which is checked, or its row says how it failed.
"""
