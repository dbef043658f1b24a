"""Semaphore-bounded connections to one account, and budgets over many."""

from ._budget import BudgetStats, ConnectionBudget
from ._pool import IMAPConnectionPool
from ._stats import PoolStats

__all__ = ["BudgetStats", "ConnectionBudget", "IMAPConnectionPool", "PoolStats"]
