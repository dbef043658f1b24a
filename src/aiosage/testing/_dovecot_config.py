"""The configuration of a throw-away Dovecot 2.3, as a function of a few values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ._own_server import Site

Storage: TypeAlias = Literal["maildir", "mdbox", "sdbox"]
"""How Dovecot keeps mail; mdbox is by far the fastest to fill."""

SPECIAL_USE: Final = ("Drafts", "Sent", "Junk", "Trash", "Archive")
"""Mailboxes every user has, each with the special use of its name (RFC 6154)."""
SESSIONS: Final = 2000
"""IMAP sessions the server bears at once, of one user or of many."""


@dataclass(frozen=True, slots=True)
class DovecotConfig:
    """What distinguishes one server from another.

    Attributes:
        capability: announced instead of what the server can do, before and
            after login; None to announce the truth.
        extra: settings appended, which win over those above them.
    """

    site: Site
    storage: Storage
    capability: str | None
    extra: str

    @property
    def file(self) -> Path:
        """Where Dovecot reads it."""
        return self.site.base / "dovecot.conf"

    def write(self) -> None:
        """Write the file."""
        self.file.write_text(self.render())

    def render(self) -> str:
        """Return the text of ``dovecot.conf``."""
        capability = f"imap_capability = {self.capability}" if self.capability else ""
        special_use = "\n".join(
            f"  mailbox {name} {{\n"
            "    auto = subscribe\n"
            f"    special_use = \\{name}\n"
            "  }"
            for name in SPECIAL_USE
        )
        return f"""\
protocols = imap
base_dir = {self.site.base}/run
state_dir = {self.site.base}/run
log_path = {self.site.base}/dovecot.log
{capability}

# One ordinary user runs everything, so nothing is switched or chrooted.
default_internal_user = {self.site.owner.name}
default_internal_group = {self.site.owner.group}
default_login_user = {self.site.owner.name}
first_valid_uid = 1
first_valid_gid = 1

mail_uid = {self.site.owner.name}
mail_gid = {self.site.owner.group}
mail_home = {self.site.base}/mail/%u
mail_location = {self.storage}:~/{self.storage}
mail_fsync = never
mail_max_userip_connections = {SESSIONS}
# Where inotify is used up (128 instances for each user), sessions poll.
mailbox_idle_check_interval = 1 secs
imap_hibernate_timeout = 0
namespace inbox {{
  inbox = yes
  separator = /
{special_use}
}}

ssl = yes
ssl_cert = <{self.site.certificate_file}
ssl_key = <{self.site.key_file}
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={self.site.password}
}}
userdb {{
  driver = static
  args = allow_all_users=yes
}}

service imap-login {{
  chroot =
  service_count = 0
  process_limit = 2
  client_limit = {SESSIONS}
  inet_listener imap {{
    address = {self.site.host}
    port = {self.site.port}
  }}
  inet_listener imaps {{
    address = {self.site.host}
    port = {self.site.tls_port}
    ssl = yes
  }}
}}
service imap-urlauth-login {{
  chroot =
}}
service imap {{
  process_limit = {SESSIONS}
}}
service auth {{
  client_limit = {3 * SESSIONS}
}}
service stats {{
  client_limit = {3 * SESSIONS}
}}
service anvil {{
  chroot =
  client_limit = {3 * SESSIONS}
  # Without this socket a failed login does not slow down the next one.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{self.extra}
"""
