"""The commands: what they take, and how they end."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from ...errors import IMAPError
from ._demo import run_demo
from ._exit import EXPLANATION, ExitCode, exit_code
from ._output import Output
from ._sync import run_sync
from ._watch import run_watch

app = typer.Typer(
    name="aiosage",
    help="IMAP for asyncio: keep mailboxes in sync, and hear of new mail.",
    epilog=EXPLANATION,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aiosage {version('aiosage')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show it, and exit.",
        ),
    ] = False,
) -> None:
    """IMAP for asyncio: keep mailboxes in sync, and hear of new mail."""


Json = Annotated[
    bool, typer.Option("--json", help="One JSON object per line, for machines.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Log to stderr what happens.")
]
PasswordCommand = Annotated[
    str | None,
    typer.Option(
        "--password-command",
        metavar="COMMAND",
        help="Prints the password on its first line, such as"
        " 'pass show mail/{username}'. {username} and {host} are filled in.",
    ),
]
_URL_HELP = (
    "imaps://user@host[:port] for TLS, imap://... for STARTTLS; ?ca_file=FILE trusts"
    " a private CA. The password comes from --password-command,"
    " AIOSAGE_PASSWORD_<USER>, AIOSAGE_PASSWORD, the keyring or a prompt."
)


@app.command()
def demo(
    *,
    store: Annotated[
        Path | None,
        typer.Option(help="A new file for the mirror; a temporary one by default."),
    ] = None,
    messages: Annotated[
        int, typer.Option(min=40, max=200_000, help="How many there are in all.")
    ] = 3000,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show everything on a mail server in this process: nothing else is needed."""
    output = Output.make(is_json=json)
    _run(run_demo(output, store=store, messages=messages), output, verbose=verbose)


@app.command()
def sync(
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help=_URL_HELP)],
    *,
    store: Annotated[
        Path, typer.Option(help="The SQLite file of the mirror; made if missing.")
    ],
    mailbox: Annotated[
        list[str] | None,
        typer.Option(help="Only this mailbox; may be given several times."),
    ] = None,
    password_command: PasswordCommand = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Bring the mirror of some accounts up to date; only the difference moves."""
    output = Output.make(is_json=json)
    _run(
        run_sync(
            output,
            urls,
            store=store,
            mailboxes=mailbox or None,
            password_command=password_command,
        ),
        output,
        verbose=verbose,
    )


@app.command()
def watch(
    url: Annotated[str, typer.Argument(metavar="URL", help=_URL_HELP)],
    mailbox: Annotated[str, typer.Argument(help="Which one to watch.")] = "INBOX",
    *,
    password_command: PasswordCommand = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Print what happens in a mailbox as it happens, until interrupted."""
    output = Output.make(is_json=json)
    _run(
        run_watch(output, url, mailbox, password_command=password_command),
        output,
        verbose=verbose,
    )


def _run(
    main: Coroutine[object, object, ExitCode], output: Output, *, verbose: bool
) -> None:
    """Run *main* and exit as it says, or as its error does."""
    logging.basicConfig(
        level=logging.ERROR,
        format="%(asctime)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    # Of us alone: what the database driver tells holds mail.
    level = logging.DEBUG if verbose else logging.WARNING
    logging.getLogger("aiosage").setLevel(level)
    try:
        code = asyncio.run(_until_told_to_end(main))
    except IMAPError as error:
        output.error(str(error))
        code = exit_code(error)
    except ImportError as error:  # an extra is missing, and the text names it
        output.error(str(error))
        code = ExitCode.FAILED
    except BrokenPipeError:
        raise  # whoever read our output has had enough
    except OSError as error:  # such as a full disk, where the output goes
        output.error(str(error))
        code = ExitCode.FAILED
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    raise typer.Exit(code)


async def _until_told_to_end(main: Coroutine[object, object, ExitCode]) -> ExitCode:
    """Await *main*; SIGTERM ends it as Ctrl-C does, with its own code."""
    task = asyncio.ensure_future(main)
    is_told = False

    def end() -> None:
        nonlocal is_told
        is_told = True
        task.cancel()

    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # on Windows
        loop.add_signal_handler(signal.SIGTERM, end)
    try:
        return await task
    except asyncio.CancelledError:
        if is_told:
            return ExitCode.TERMINATED
        raise


def run() -> int:
    """Run the command line; return the exit code."""
    # Mail knows more letters than some locales do. A closed stdout is None.
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.FAILED
    return ExitCode.OK
