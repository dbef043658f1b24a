"""Save what was sent, upload .eml files, and keep a draft up to date."""

import asyncio
from pathlib import Path

from aiosage import AppendItem, ConnectionConfig, Flag, IMAPClient, SpecialUse, compose


async def main(config: ConnectionConfig) -> None:
    message = compose(
        from_="Jane <jane@example.org>",
        to="zoe@example.org",
        subject="Grüße",
        text="See you on Tuesday.\n",
    )
    eml = Path("old.eml")
    await asyncio.to_thread(message.save, eml)

    async with IMAPClient(config) as client:
        sent = client.mailbox(SpecialUse.SENT)
        stored = await sent.append(message, flags=[Flag.SEEN])
        print("saved in", stored.mailbox, "as", stored.uid)

        archive = client.mailbox("Archive")
        results = await archive.append_many(
            (AppendItem(eml, flags=[Flag.SEEN]) for _ in range(3)),
            normalize_line_ends=True,
        )
        print("uploaded", len(results), "files")

        drafts = client.mailbox(SpecialUse.DRAFTS)
        draft = await drafts.append(message, flags=[Flag.DRAFT])
        assert draft.uid is not None
        newer = await drafts.replace(draft.uid, message)
        print("drafts:", await drafts.search(), "is", newer.uid)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
