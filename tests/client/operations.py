"""What the services do, each as a function of a client that returns what came of it.

The account is fresh, and the answer can be told before.
"""

from __future__ import annotations

from aiosage import Flag, IMAPClient, MessagePart, SpecialUse
from aiosage import IMAPSearchCriteria as S
from aiosage.client import AppendItem, MessageSection
from aiosage.model import SortKey

from .accounts import messages_in, raws_of, small


async def move(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 3)
    await client.mailbox().add_flags([3], Flag.DELETED)  # by somebody else, say
    moved = await client.mailbox().move([1, 2], "Archive")
    left = list(await client.mailbox().search())
    return left, len(moved.uids), await raws_of(client.mailbox("Archive"))


async def expunge(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 3)
    await client.mailbox().add_flags([3], Flag.DELETED)
    await client.mailbox().expunge([1])
    return list(await client.mailbox().search())


async def append(client: IMAPClient) -> object:
    uids = [(await client.mailbox().append(small(n))).uid for n in (1, 2)]
    return uids, await raws_of(client.mailbox())


async def append_many(client: IMAPClient) -> object:
    items = [AppendItem(small(number)) for number in (1, 2, 3)]
    results = await client.mailbox().append_many(items)
    return [result.uid for result in results], await raws_of(client.mailbox())


async def append_parts(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 1)
    header = MessageSection("INBOX", 1, "HEADER")
    await client.mailbox().append_parts([header, b"other\r\n"])
    return await raws_of(client.mailbox())


async def append_nul(client: IMAPClient) -> object:
    await client.mailbox().append(small(1) + b"\0\r\n")
    return len(await client.mailbox().search())


async def replace(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 2)
    await client.mailbox().add_flags([1], Flag.FLAGGED)
    await client.mailbox().replace(1, small(3))
    flagged = list(await client.mailbox().search(S.FLAGGED))
    return flagged, await raws_of(client.mailbox())


async def search(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 5)
    await client.mailbox().add_flags([1, 2, 4], Flag.SEEN)
    found = await client.mailbox().search(S.SEEN)
    return list(found), list(await client.mailbox().search(S.DELETED))


async def sort(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 3)
    return list(await client.mailbox().sort(S.ALL, SortKey.SUBJECT.descending))


async def search_batches(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 3)
    inbox = client.mailbox()
    return [list(batch) async for batch in inbox.search_batches(batch_size=2)]


async def preview(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 1)
    inbox = client.mailbox()
    return (await inbox.fetch_one(1, MessagePart.PREVIEW)).preview()


async def save_date(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 1)
    inbox = client.mailbox()
    return (await inbox.fetch_one(1, MessagePart.SAVE_DATE)).save_date is not None


async def email_id(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 1)
    inbox = client.mailbox()
    return bool((await inbox.fetch_one(1, MessagePart.EMAIL_ID)).email_id)


async def thread(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 3)
    await client.mailbox().append(
        b"Subject: Re: number 1\r\nReferences: <1@example.org>\r\n\r\nx\r\n"
    )
    return [root.messages for root in await client.mailbox().thread()]


async def search_younger(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 1)
    return list(await client.mailbox().search(S.younger(3600)))


async def store_unchanged(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 2)
    before = (await client.folders.status("INBOX")).highest_modseq
    await client.mailbox().add_flags([1], Flag.SEEN)
    result = await client.mailbox().add_flags(
        [1, 2], Flag.FLAGGED, unchanged_since=before or 1
    )
    return list(result.modified), list(await client.mailbox().search(S.FLAGGED))


async def list_all(client: IMAPClient) -> object:
    for name in ("Box", "Box/a"):
        await messages_in(client, name, 1)
    await client.folders.subscribe("Box/a")
    found = await client.folders.list("Box*", status=True)
    subscribed = await client.folders.list("Box*", subscribed=True)
    messages = [info.status and info.status.messages for info in found]
    names = [info.name for info in found]
    return names, messages, [info.name for info in subscribed]


async def sizes(client: IMAPClient) -> object:
    await messages_in(client, "INBOX", 2)
    return (await client.folders.status("INBOX")).size


async def specials(client: IMAPClient) -> object:
    found = await client.folders.specials()
    return {use: info.name for use, info in found.items()}


async def create_for_use(client: IMAPClient) -> object:
    # Cyrus keeps one mailbox for each use.
    await client.folders.set_metadata("Archive", {"/private/specialuse": None})
    made = await client.folders.create("Away", SpecialUse.ARCHIVE)
    (info,) = await client.folders.list("Away")
    return made.special_use, info.special_use


async def namespaces(client: IMAPClient) -> object:
    (personal,) = (await client.folders.namespaces()).personal
    return personal.prefix, personal.delimiter


async def delete_open_mailbox(client: IMAPClient) -> object:
    await messages_in(client, "Box", 1)
    await client.mailbox("Box").search()
    await client.folders.delete("Box")
    return await client.folders.exists("Box"), client.stats().opened


async def rights(client: IMAPClient) -> object:
    found = await client.folders.list("INBOX", rights=True)
    return [info.rights and "r" in info.rights for info in found]


async def notes(client: IMAPClient) -> object:
    name = "/private/comment"
    await client.folders.set_metadata("INBOX", {name: b"hello"})
    found = await client.folders.list("INBOX", metadata=[name])
    return [info.metadata and dict(info.metadata) for info in found]


async def watch(client: IMAPClient) -> object:
    async with client.watch("INBOX") as events:
        await messages_in(client, "INBOX", 1)
        while not hasattr(event := await events.get(), "uid"):
            pass
    return type(event).__name__
