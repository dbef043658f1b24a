"""The configuration of a throw-away Cyrus 3.6, as a function of a few values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ._own_server import Site

SPECIAL_USE: Final = ("Drafts", "Sent", "Junk", "Trash", "Archive")
"""Mailboxes every user has, each with the special use of its name (RFC 6154)."""
MECHANISMS: Final = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512"
FOLDERS: Final = ("conf/db", "conf/socket", "conf/log", "conf/msg", "mail")
"""What must be there before Cyrus starts, with `run/proc` and `run/lock`."""


@dataclass(frozen=True, slots=True)
class CyrusConfig:
    """What distinguishes one server from another.

    Attributes:
        programs: the folder of Cyrus's own programs.
        options: settings of imapd.conf(5) that replace those made here, or add
            to them.
    """

    site: Site
    programs: Path
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def imapd_file(self) -> Path:
        """Where every program reads its settings."""
        return self.site.base / "imapd.conf"

    @property
    def master_file(self) -> Path:
        """Where the master reads what to run."""
        return self.site.base / "cyrus.conf"

    @property
    def pid_file(self) -> Path:
        """Where the master writes its process ID."""
        return self.site.base / "run" / "master.pid"

    @property
    def processes(self) -> Path:
        """Folder with a file for each session: service, client, user, mailbox."""
        return self.site.base / "run" / "proc"

    def write(self) -> None:
        """Write both files and make the folders."""
        for name in (*FOLDERS, "run/proc", "run/lock"):
            (self.site.base / name).mkdir(parents=True, exist_ok=True)
        self.imapd_file.write_text(self.render_imapd())
        self.master_file.write_text(self.render_master())

    def render_imapd(self) -> str:
        """Return the text of ``imapd.conf``.

        An option may stand there only once, and an empty value ends Cyrus
        without a word.
        """
        base = self.site.base
        folders = " | ".join(SPECIAL_USE)
        options = {
            "configdirectory": f"{base}/conf",
            "defaultpartition": "default",
            "partition-default": f"{base}/mail",
            "proc_path": str(self.processes),
            "mboxname_lockpath": f"{base}/run/lock",
            "idlesocket": f"{base}/run/idle",
            "notifysocket": f"{base}/run/notify",
            "lmtpsocket": f"{base}/run/lmtp",
            "cyrus_user": self.site.owner.name,
            "cyrus_group": self.site.owner.group,
            "servername": "imap.test",
            "allowplaintext": "yes",
            "failedloginpause": "0",
            "imapidlepoll": "1",
            "munge8bit": "no",
            "sasl_mech_list": MECHANISMS,
            "sasl_maximum_layer": "0",
            # Every user has the one password: nobody need be registered.
            "sasl_pwcheck_method": "auxprop",
            "sasl_auxprop_plugin": "sql",
            "sasl_sql_engine": "sqlite3",
            "sasl_sql_database": f"{base}/nobody.sqlite",
            "sasl_sql_select": (
                f"SELECT '{self.site.password}' WHERE '%p' = 'userPassword'"
            ),
            "unixhierarchysep": "yes",
            "altnamespace": "yes",
            "autocreate_quota": "0",
            "autocreate_inbox_folders": folders,
            "autocreate_subscribe_folders": folders,
            **{f"xlist-{name.lower()}": name for name in SPECIAL_USE},
            "specialusealways": "yes",
            "conversations": "yes",
            # More copies of one message than these are refused.
            "conversations_max_guidrecords": "100000",
            "conversations_max_guidexists": "100000",
            "conversations_max_guidinfolder": "100000",
            "annotation_allow_undefined": "yes",
            "delete_mode": "immediate",
            "expunge_mode": "immediate",
            "duplicatesuppression": "no",
            "search_engine": "none",
            "tls_server_cert": str(self.site.certificate_file),
            "tls_server_key": str(self.site.key_file),
            "tls_session_timeout": "0",
            **self.options,
        }
        return "".join(f"{name}: {value}\n" for name, value in options.items())

    def render_master(self) -> str:
        """Return the text of ``cyrus.conf``."""

        def service(name: str, port: int, flag: str = "") -> str:
            return (
                f'  {name} cmd="{self.programs}/imapd {flag}-C {self.imapd_file} -T 60"'
                f' listen="{self.site.host}:{port}" proto="tcp4" prefork=0'
                " maxforkrate=1000\n"
            )

        return (
            "START {\n"
            f'  recover cmd="{self.programs}/ctl_cyrusdb -C {self.imapd_file} -r"\n'
            "}\n"
            "DAEMON {\n"
            f'  idled cmd="{self.programs}/idled -C {self.imapd_file}"\n'
            "}\n"
            "SERVICES {\n"
            + service("imap", self.site.port)
            + service("imaps", self.site.tls_port, "-s ")
            + "}\nEVENTS {\n}\n"
        )
