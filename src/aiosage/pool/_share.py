"""A budget as one pool sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ._allocation import Allocation, Grant, Permit, Share
from ._refusals import TooMany


class BudgetShare:
    """One pool's part in a `ConnectionBudget`. Nothing in it waits."""

    def __init__(
        self, allocation: Allocation, share: Share, clock: Callable[[], float]
    ) -> None:
        self._allocation = allocation
        self._share = share
        self._clock = clock

    @property
    def bound(self) -> int | None:
        """Most connections to its account now; None for any number."""
        return self._allocation.bound(self._share.account, self._clock())

    def want(self, count: int) -> list[Permit]:
        """Want *count* permits, no more and no less; return those there are now.

        When there are more, ``notify`` is called, to call this again.
        """
        self._allocation.want(self._share, count, self._clock())
        self._settle(but=self._share)
        granted = list(self._share.granted)
        self._share.granted.clear()
        return granted

    def release(self, permit: Permit) -> None:
        """Give *permit* back: its connection is closed."""
        self._allocation.release(permit)
        self._settle()
        self._allocation.forget(self._share.account)

    def must_yield(self, permit: Permit) -> bool:
        """Return whether a connection that has come back is for others.

        If it is not, this is a turn for the callers of the share.
        """
        now = self._clock()
        if self._allocation.must_yield(permit, now):
            return True
        self._allocation.take_turn(self._share, now)
        return False

    def set_idle(self, permit: Permit) -> None:
        """Tell that nobody uses the connection of *permit*."""
        self._allocation.set_idle(permit)
        self._settle()

    def set_busy(self, permit: Permit) -> None:
        """Tell that somebody uses it."""
        self._allocation.set_busy(permit)

    def refuse(self, reason: TooMany) -> bool:
        """Learn that the server says there are too many connections.

        Returns:
            Whether there are others whose end is worth waiting for.
        """
        account = self._share.account
        scope = account if reason is TooMany.ACCOUNT else account.host
        self._allocation.learn(scope, self._clock())
        return scope.held > 1

    def grows_in(self) -> float | None:
        """Return the seconds until there is more room by itself; None for never."""
        now = self._clock()
        scope = self._allocation.full_scope(self._share.account, now)
        return self._allocation.grows_in(scope, now) if scope else None

    def why_full(self) -> str:
        """Return, for people, what bounds the account now; empty if nothing does."""
        account, now = self._share.account, self._clock()
        scope = self._allocation.full_scope(account, now)
        if scope is None:
            return ""
        source = "The server" if scope.learned else "The budget"
        whose = "this account" if scope is account else scope.name
        return f"{source} allows {self._allocation.bound(scope, now)} for {whose}."

    def leave(self) -> None:
        """Want nothing any more. Permits still out are to be given back."""
        self.want(0)
        account = self._share.account
        account.shares -= 1
        self._allocation.forget(account)

    def _settle(self, but: Share | None = None) -> None:
        """Do what has become possible; *but* looks for itself."""
        now = self._clock()
        while (decision := self._allocation.decide(now)) is not None:
            if not isinstance(decision, Grant):
                decision.permit.share.reclaim(decision.permit)
            elif decision.share is not but:
                # Not at once: who has just made room is in the middle of it.
                asyncio.get_running_loop().call_soon(decision.share.notify)
