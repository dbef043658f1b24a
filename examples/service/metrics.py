"""Metrics for Prometheus: of the connections, and of what the program does itself.

Those of the connections are made when they are asked for, of what the accounts tell,
in the event loop. Names of accounts are labels: give them names that may be seen.
"""

import asyncio
import os
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.aiohttp import make_aiohttp_handler
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from aiosage import AccountState, ConnectionConfig, IMAPAccounts, IMAPClient

NOW = {"idle": "that nobody uses", "busy": "in use", "waiting": "that callers wait for"}
SO_FAR = {"opened": "opened", "closed": "that ended", "timeouts": "waited for in vain"}


class AccountsCollector(Collector):
    """How the connections of accounts stand."""

    def __init__(self, accounts: IMAPAccounts) -> None:
        self._accounts = accounts

    def collect(self) -> Iterator[Metric]:
        """Yield a metric for each number there is, with a sample for each account."""
        health = self._accounts.health()
        up = GaugeMetricFamily("imap_up", "Whether it is there", labels=["account"])
        for name, one in health.items():
            up.add_metric([name], one.state is AccountState.HEALTHY)
        yield up
        for family, numbers in (
            (GaugeMetricFamily, NOW),
            (CounterMetricFamily, SO_FAR),
        ):
            for number, text in numbers.items():
                metric = family(
                    f"imap_connections_{number}",
                    f"Connections {text}",
                    labels=["account"],
                )
                for name, one in health.items():
                    metric.add_metric([name], getattr(one.stats, number))
                yield metric


async def main(config: ConnectionConfig, port: int = 0, every: float = 15.0) -> None:
    named = {"desk": config, "stranger": config.with_password("guessed")}
    registry = CollectorRegistry()
    seconds = Histogram("mail_look_seconds", "Looks at INBOX", registry=registry)

    async def look(client: IMAPClient) -> None:
        with seconds.time():
            await client.mailbox("INBOX").count()

    app = web.Application()
    app.router.add_get("/metrics", make_aiohttp_handler(registry))
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        async with IMAPAccounts(named) as accounts:
            registry.register(AccountsCollector(accounts))
            await web.TCPSite(runner, "127.0.0.1", port).start()
            while True:
                await accounts.map(look)
                print("looked; metrics at", runner.addresses[0], flush=True)
                await asyncio.sleep(every)
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    at = int(os.environ.get("METRICS_PORT", "9100"))
    asyncio.run(main(ConnectionConfig.from_env(), port=at))
