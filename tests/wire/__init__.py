"""Tests of `aiosage.wire`."""
