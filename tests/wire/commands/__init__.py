"""Tests of `aiosage.wire.commands`."""
