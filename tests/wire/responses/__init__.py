"""Tests of `aiosage.wire.responses`."""
