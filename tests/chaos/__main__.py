"""Run episodes until there were enough faults, or one was too much."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import sys
import time
import traceback
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from typing import Final

from aiosage.testing import Certificates, DovecotServer, MemoryServer

from .episode import Server, run

TROUBLE: Final = re.compile(r"Error|Warning|Panic|Fatal")
"""What a Dovecot says of mail that it finds broken, among other things."""


async def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--server", choices=("memory", "dovecot"), default="memory")
    parser.add_argument("--faults", type=int, default=10_000, help="how many, in all")
    parser.add_argument("--steps", type=int, default=120, help="of each episode")
    parser.add_argument("--seed", default="0", help="of the first episode")
    parser.add_argument("--once", action="store_true", help="only that one")
    parser.add_argument("--retry", choices=("on", "off", "chance"), default="chance")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # each retry is one
    retries = {"on": True, "off": False}.get(options.retry)
    steps = faults = events = visits = 0
    outcomes: dict[bool, Counter[str]] = defaultdict(Counter)
    begin = time.monotonic()
    async with AsyncExitStack() as stack:
        certificates = stack.enter_context(Certificates())
        server = _server(options.server, certificates)
        await stack.enter_async_context(server)
        trust = certificates.client_context()
        episode = 0
        while faults < options.faults:
            seed = f"{options.seed}.{episode}" if not options.once else options.seed
            try:
                outcome = await run(
                    server, seed, options.steps, retries=retries, trust=trust
                )
            except BaseException:
                traceback.print_exc()
                if isinstance(server, DovecotServer):
                    lines = server.log_tail(2000).splitlines()
                    print(*filter(TROUBLE.search, lines), sep="\n")
                print(
                    f"\nto repeat it: python -m tests.chaos --server {options.server}"
                    f" --retry {options.retry} --steps {options.steps}"
                    f" --seed {seed} --once"
                )
                return 1
            episode += 1
            steps += outcome.steps
            faults += outcome.faults
            events += outcome.events
            visits += outcome.visits
            outcomes[outcome.retries] += outcome.outcomes
            minutes = (time.monotonic() - begin) / 60
            print(
                f"seed {seed}: {episode} episodes,"
                f" {steps} steps ({steps / minutes:.0f} a minute), {faults} faults,"
                f" {events} events, {visits} visits, no violation",
                flush=True,
            )
            if options.once:
                break
    for is_retried, counts in outcomes.items():
        ends = Counter[str]()
        for name, count in counts.items():
            end = name.rpartition(": ")[2]
            ends[end if end in ("done", "cancelled") else "in an error"] += count
        print("with retry:" if is_retried else "without retry:", dict(ends))
        for name, count in sorted(counts.items()):
            print(f"{count:7} {name}")
    return 0


def _server(kind: str, certificates: Certificates) -> Server:
    if kind == "memory":
        return MemoryServer(ssl_context=certificates.server_context())
    return DovecotServer(certificates=certificates)


sys.exit(asyncio.run(main()))
