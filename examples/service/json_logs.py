"""Log as lines of JSON, into files of bounded size, with fields of one's own."""

import asyncio
import json
import logging
import logging.config
from pathlib import Path
from typing import Any

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria

log = logging.getLogger("service")
FILE = Path("service.log")
KNOWN = set(vars(logging.makeLogRecord({})))


class JSONFormatter(logging.Formatter):
    """A line of JSON for each record; what was given as *extra* is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: v for name, v in vars(record).items() if name not in KNOWN}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JSONFormatter}},
    "handlers": {
        "file": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": FILE,
            "maxBytes": 10_000_000,
            "backupCount": 5,
            "encoding": "utf-8",
            "delay": True,
            "formatter": "json",
        }
    },
    "loggers": {
        "service": {"handlers": ["file"], "level": "INFO"},
        # What happens to connections; it never holds passwords or mail.
        "aiosage": {"handlers": ["file"], "level": "INFO"},
    },
}


async def main(config: ConnectionConfig) -> None:
    logging.config.dictConfig(LOGGING)
    async with IMAPClient(config) as client:
        unread = await client.mailbox("INBOX").count(IMAPSearchCriteria.UNSEEN)
        log.info("looked", extra={"unread": unread, "opened": client.stats().opened})
    lines = await asyncio.to_thread(FILE.read_text, encoding="utf-8")
    for line in map(json.loads, lines.splitlines()):
        print(line["logger"], line["message"], line.get("unread", ""))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
