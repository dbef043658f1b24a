"""Semaphore-bounded connections to one account."""

from ._plan import IdleConnection, Plan, plan
from ._pool import IMAPConnectionPool, PoolStats

__all__ = ["IMAPConnectionPool", "IdleConnection", "Plan", "PoolStats", "plan"]
