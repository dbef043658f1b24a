"""Tests of aiosage.service."""
