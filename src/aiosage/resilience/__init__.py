"""What to do when things fail or are too many; knows no IMAP, useful alone."""

from ._backoff import backoff
from ._breaker import CircuitBreaker, CircuitSnapshot
from ._circuit import CircuitRules, CircuitState
from ._rate import AdaptiveRateLimiter, RateLimiter, RateSnapshot
from ._retry import RetryAttempt, RetryPolicy, retry

__all__ = [
    "AdaptiveRateLimiter",
    "CircuitBreaker",
    "CircuitRules",
    "CircuitSnapshot",
    "CircuitState",
    "RateLimiter",
    "RateSnapshot",
    "RetryAttempt",
    "RetryPolicy",
    "backoff",
    "retry",
]
