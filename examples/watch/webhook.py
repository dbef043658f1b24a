"""Tell a web server of each new message: by POST, signed, and again until it hears.

A file says what has been told, so that a restart goes on there: none is left out, and
one may be told twice, under the same ID. Signed as https://www.standardwebhooks.com
has it, at WEBHOOK_URL, with WEBHOOK_SECRET.
"""

import asyncio
import hmac
import json
import os
import time
from base64 import b64encode
from functools import partial
from pathlib import Path

import aiohttp

from aiosage import ConnectionConfig, EmailMessage, IMAPClient, MessagePart, NewMessage
from aiosage.resilience import RetryPolicy, retry

TOLD = Path("webhook.cursor")
PATIENCE = RetryPolicy(attempts=20, timeout=3600.0, first_wait=0.5, longest_wait=300.0)


def may_pass(error: Exception) -> bool | float:
    """Tell whether to try again, and if so, after how many seconds at least."""
    if not isinstance(error, aiohttp.ClientResponseError):
        return isinstance(error, aiohttp.ClientConnectionError | TimeoutError)
    wait = error.headers.get("Retry-After", "") if error.headers else ""
    is_busy = error.status == 429 or error.status >= 500
    return float(wait) if is_busy and wait.isdecimal() else is_busy


def signed(name: str, body: str, secret: str) -> dict[str, str]:
    """Return headers that show who has sent it, and when."""
    now = str(int(time.time()))
    digest = hmac.digest(secret.encode(), f"{name}.{now}.{body}".encode(), "sha256")
    signature = f"v1,{b64encode(digest).decode()}"
    headers = {"id": name, "timestamp": now, "signature": signature}
    return {f"webhook-{key}": value for key, value in headers.items()}


def told_of(message: EmailMessage) -> str:
    """Return what is told of a message, as JSON."""
    sender = message.from_address.address if message.from_address else None
    return json.dumps(
        {"from": sender, "subject": message.subject, "text": message.readable_text()}
    )


def kept() -> str | None:
    """Return what had been told when it was kept last."""
    return TOLD.read_text() if TOLD.exists() else None


def keep(cursor: object) -> None:
    """Write down what has been told, whole or not at all."""
    new = TOLD.with_suffix(".new")
    new.write_text(str(cursor))
    new.replace(TOLD)


async def main(config: ConnectionConfig, url: str, secret: str) -> None:
    limit = aiohttp.ClientTimeout(total=30.0)
    async with (
        aiohttp.ClientSession(timeout=limit, raise_for_status=True) as session,
        IMAPClient(config) as client,
        client.watch(
            "INBOX", since=kept(), fetch=[MessagePart.FULL], queue_size=10
        ) as events,
    ):

        async def tell(name: str, body: str) -> None:
            headers = {"Content-Type": "application/json", **signed(name, body, secret)}
            async with session.post(url, data=body, headers=headers):
                pass  # it has heard

        keep(events.cursor)
        print("listening", flush=True)
        async for event in events:
            if isinstance(event, NewMessage) and event.message is not None:
                name, body = f"{event.uidvalidity}-{event.uid}", told_of(event.message)
                await retry(partial(tell, name, body), PATIENCE, on=may_pass)
                print("told of", event.uid, flush=True)
            keep(events.cursor)


if __name__ == "__main__":
    account = ConnectionConfig.from_env()
    asyncio.run(main(account, os.environ["WEBHOOK_URL"], os.environ["WEBHOOK_SECRET"]))
