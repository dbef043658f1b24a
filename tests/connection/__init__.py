"""Tests of `aiosage.connection`."""
