"""Run episodes until there were enough faults, or one was too much."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from collections import Counter
from contextlib import AsyncExitStack

from aiosage.testing import DovecotServer, MemoryServer

from .episode import run


async def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--server", choices=("memory", "dovecot"), default="memory")
    parser.add_argument("--faults", type=int, default=10_000, help="how many, in all")
    parser.add_argument("--steps", type=int, default=120, help="of each episode")
    parser.add_argument("--seed", default="0", help="of the first episode")
    parser.add_argument("--once", action="store_true", help="only that one")
    options = parser.parse_args()
    steps = faults = events = 0
    outcomes: Counter[str] = Counter()
    begin = time.monotonic()
    async with AsyncExitStack() as stack:
        server: MemoryServer | DovecotServer = await stack.enter_async_context(
            MemoryServer() if options.server == "memory" else DovecotServer()
        )
        episode = 0
        while faults < options.faults:
            seed = f"{options.seed}.{episode}" if not options.once else options.seed
            try:
                outcome = await run(server, seed, options.steps)
            except BaseException:
                traceback.print_exc()
                print(
                    f"\nto repeat it: python -m tests.chaos --server {options.server}"
                    f" --steps {options.steps} --seed {seed} --once"
                )
                return 1
            episode += 1
            steps += outcome.steps
            faults += outcome.faults
            events += outcome.events
            outcomes += outcome.outcomes
            minutes = (time.monotonic() - begin) / 60
            print(
                f"{episode} episodes, {steps} steps ({steps / minutes:.0f} a minute),"
                f" {faults} faults, {events} events, no violation",
                flush=True,
            )
            if options.once:
                break
    for name, count in sorted(outcomes.items()):
        print(f"{count:7} {name}")
    return 0


sys.exit(asyncio.run(main()))
