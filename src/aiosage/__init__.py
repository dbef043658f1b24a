"""aiosage: the IMAP client library for asyncio."""
