"""The examples that talk to more than a mail server, as they would be run."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import signal
import time
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import aiohttp
import pytest
import yaml
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from aiosage import (
    ConnectionBudget,
    ConnectionConfig,
    Flag,
    IMAPAccounts,
    IMAPClient,
    IMAPSearchCriteria,
    Secret,
)
from aiosage.resilience import CircuitState
from aiosage.testing import Certificates, DovecotServer, FaultProxy

from .example_mail import COUNT
from .example_runs import FOLDER, NEWS, Accounts, load, program

SECRET: Final = "of both"
DONE: Final = IMAPSearchCriteria.keyword(Flag("Done"))


@pytest.fixture
def accounts(dovecot: DovecotServer, certificates: Certificates) -> Accounts:
    """Where accounts of the test's own come from."""
    return Accounts(dovecot, certificates)


async def line_of(process: asyncio.subprocess.Process, pattern: str) -> re.Match[str]:
    """Return the next line of what *process* prints that fits *pattern*."""
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if found := re.fullmatch(pattern + "\n", line):
            return found
    assert process.stderr is not None
    raise AssertionError((await process.stderr.read()).decode())


@dataclass
class Receiver:
    """A web server that is told of messages.

    Attributes:
        answers: statuses of the next answers; then 200.
        told: what came, and was answered by 200.
        refused: how often it said no.
    """

    answers: list[int] = field(default_factory=list)
    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    refused: int = 0

    async def receive(self, request: web.Request) -> web.Response:
        """Check the signature, and keep what is told."""
        body = await request.read()
        name, when = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        digest = hmac.digest(
            SECRET.encode(), f"{name}.{when}.".encode() + body, "sha256"
        )
        assert (
            request.headers["webhook-signature"] == f"v1,{b64encode(digest).decode()}"
        )
        assert request.content_type == "application/json"
        if self.answers:
            self.refused += 1
            status = self.answers.pop(0)
            return web.Response(status=status, headers={"Retry-After": "0"})
        self.told.append((name, await request.json()))
        return web.Response()


@asynccontextmanager
async def _listening(receiver: Receiver) -> AsyncIterator[str]:
    """Let *receiver* be told for the block, at the URL that is yielded."""
    app = web.Application()
    app.router.add_post("/mail", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/mail"
    finally:
        await runner.cleanup()


async def test_a_webhook_is_told_of_each_message_across_restarts(
    accounts: Accounts, tmp_path: Path
) -> None:
    """What arrives while it is not running, killed without warning, is told, too."""
    account = await accounts.new()
    receiver = Receiver(answers=[503, 429])
    async with (
        _listening(receiver) as url,
        IMAPClient(account, max_connections=1) as client,
    ):
        inbox = client.mailbox()
        environ = {"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}
        async with program("watch/webhook.py", account, tmp_path, environ) as process:
            await line_of(process, "listening")
            await inbox.append(NEWS % 1)
            await line_of(process, f"told of {COUNT + 1}")
            await inbox.append(NEWS % 2)
            await line_of(process, f"told of {COUNT + 2}")
            process.kill()
            await process.wait()
        await inbox.append(NEWS % 3)
        async with program("watch/webhook.py", account, tmp_path, environ) as process:
            await line_of(process, f"told of {COUNT + 3}")
    assert receiver.refused == 2
    names = {name: told["subject"] for name, told in receiver.told}
    assert list(names.values()) == [f"Urgent: backup {n}" for n in (1, 2, 3)]
    assert len(receiver.told) <= len(names) + 1  # that in hand when it was killed


async def test_a_webhook_that_refuses_for_good_ends_the_program_and_loses_nothing(
    accounts: Accounts, tmp_path: Path
) -> None:
    """A wrong secret or URL must show; what could not be told is told later."""
    account = await accounts.new()
    receiver = Receiver(answers=[401])
    async with (
        _listening(receiver) as url,
        IMAPClient(account, max_connections=1) as client,
    ):
        environ = {"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}
        async with program("watch/webhook.py", account, tmp_path, environ) as process:
            await line_of(process, "listening")
            await client.mailbox().append(NEWS % 1)
            _, err = await process.communicate()
        assert process.returncode == 1
        assert b"401" in err
        assert SECRET.encode() not in err
        async with program("watch/webhook.py", account, tmp_path, environ) as process:
            await line_of(process, f"told of {COUNT + 1}")
    assert [told["subject"] for _, told in receiver.told] == ["Urgent: backup 1"]


async def test_a_web_application_shares_a_client_between_requests(
    accounts: Accounts, tmp_path: Path
) -> None:
    """Many requests at once; what there is not is 404, and no server is 503."""
    account = await accounts.new()
    async with FaultProxy(account.host, account.port or 0) as proxy:
        through = replace(account, host=proxy.host, port=proxy.port)
        environ = {"WEB_PORT": "0"}
        async with (
            program("service/web_app.py", through, tmp_path, environ) as process,
            aiohttp.ClientSession() as session,
        ):
            port = (await line_of(process, r"serving at port (\d+)"))[1]
            url = f"http://127.0.0.1:{port}/messages"
            async with session.get(url) as response:
                found = await response.json()
            assert [one["uid"] for one in found] == [*range(COUNT, COUNT - 10, -1)]
            assert found[0]["subject"] == "Lunch tomorrow?"
            answers = await asyncio.gather(
                *(_status(f"{url}/{one['uid']}") for one in found)
            )
            assert answers == [200] * 10
            assert proxy.most <= 4
            async with session.get(f"{url}/{COUNT}") as response:
                assert await response.text() == "At noon?\n"
            assert await _status(f"{url}/{COUNT + 1}") == 404
            assert await _status(f"{url}/0") == 404
            await proxy.refuse()
            proxy.cut()
            assert await _status(url) == 503
            await proxy.accept()
            assert await _status(url) == 200


async def test_logs_are_lines_of_json_without_secrets(
    accounts: Accounts, tmp_path: Path
) -> None:
    """Those of the library, and of the program with its fields."""
    account = await accounts.new()
    async with program("service/json_logs.py", account, tmp_path) as process:
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert b"service looked 24\n" in out
    text = (tmp_path / "service.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"service", "aiosage.connection"} <= {line["logger"] for line in lines}
    assert lines[-1]["opened"] == 1
    assert account.password.reveal() not in text


async def test_metrics_say_what_the_accounts_do(
    accounts: Accounts, tmp_path: Path
) -> None:
    """They are read by the parser of the library that Prometheus comes with."""
    account = await accounts.new()
    environ = {"METRICS_PORT": "0"}
    async with program("service/metrics.py", account, tmp_path, environ) as process:
        at = await line_of(process, r"looked; metrics at \('127.0.0.1', (\d+)\)")
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{at[1]}/metrics") as response,
        ):
            text = await response.text()
    samples = {
        (sample.name, sample.labels.get("account")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["imap_up", "desk"] == 1
    assert samples["imap_up", "stranger"] == 0
    assert samples["imap_connections_opened_total", "desk"] == 1
    assert samples["imap_connections_opened_total", "stranger"] == 0
    assert samples["imap_connections_idle", "desk"] == 1
    assert samples["imap_connections_busy", "desk"] == 0
    assert samples["mail_look_seconds_count", None] == 2
    assert account.username not in text


async def _status(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


def _sessions(server: DovecotServer, user: str) -> list[str]:
    return server.doveadm("-f", "tab", "who", "-1", user).splitlines()[1:]


async def test_a_container_answers_probes_and_ends_in_order(
    accounts: Accounts, dovecot: DovecotServer, tmp_path: Path
) -> None:
    """SIGTERM in the middle: what is begun is finished, and nobody stays logged in."""
    account = await accounts.new()
    password = tmp_path / "password"
    password.write_text(account.password.reveal() + "\n")
    environ = {
        "AIOSAGE_PASSWORD": "",
        "AIOSAGE_PASSWORD_FILE": str(password),
        "HEALTH_PORT": "0",
        "GRACE_SECONDS": "30",
    }
    async with program("deploy/service.py", account, tmp_path, environ) as process:
        url = "http://127.0.0.1:" + (await line_of(process, r"probes at port (\d+)"))[1]
        assert await _status(f"{url}/live") == 200
        assert await _status(f"{url}/ready") == 200
        assert await _status(f"{url}/other") == 404
        assert _sessions(dovecot, account.username)
        first = await line_of(process, r"done: (\d+)")
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert out.decode().endswith("ended in order\n")
    done = sum(int(number) for number in re.findall(r"done: (\d+)", out.decode()))
    assert _sessions(dovecot, account.username) == []
    async with IMAPClient(account, max_connections=1) as client:
        assert await client.mailbox().count(DONE) == int(first[1]) + done


async def test_a_container_without_its_server_is_alive_but_not_ready(
    accounts: Accounts, tmp_path: Path
) -> None:
    """Restarting it would be of no help. It goes on when the server is back."""
    account = await accounts.new()
    async with FaultProxy(account.host, account.port or 0) as proxy:
        through = replace(account, host=proxy.host, port=proxy.port)
        environ = {"HEALTH_PORT": "0"}
        async with program("deploy/service.py", through, tmp_path, environ) as process:
            port = await line_of(process, r"probes at port (\d+)")
            url = f"http://127.0.0.1:{port[1]}"
            for _ in range(4):
                await line_of(process, "done: .*")
            await proxy.refuse()
            proxy.cut()
            while (ready := await _status(f"{url}/ready")) != 503:
                assert ready == 200
            assert await _status(f"{url}/live") == 200
            async with IMAPClient(account, max_connections=1) as client:
                await client.mailbox().append(NEWS % 1)
            await proxy.accept()
            await line_of(process, "done: 1")
            assert await _status(f"{url}/ready") == 200
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0


async def test_a_container_ends_when_its_grace_period_does(
    accounts: Accounts, tmp_path: Path
) -> None:
    """A server that is silent for ever must not keep it from ending."""
    account = await accounts.new()
    async with FaultProxy(account.host, account.port or 0) as proxy:
        through = replace(account, host=proxy.host, port=proxy.port)
        environ = {"HEALTH_PORT": "0", "GRACE_SECONDS": "0.2"}
        async with program("deploy/service.py", through, tmp_path, environ) as process:
            await line_of(process, "done: .*")
            proxy.freeze()
            await asyncio.sleep(0.2)  # for what is under way to come to a stop
            process.send_signal(signal.SIGTERM)
            _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode() == "not finished within the grace period\n"


def test_the_manifests_of_the_container_fit_the_program() -> None:
    """Names, ports, paths and times are said in three places, and must agree."""
    text = (FOLDER / "deploy/service.py").read_text(encoding="utf-8")
    docker = (FOLDER / "deploy/Dockerfile").read_text(encoding="utf-8")
    manifests = (FOLDER / "deploy/kubernetes.yaml").read_text(encoding="utf-8")
    secret, deployment = yaml.safe_load_all(manifests)
    assert (secret["kind"], deployment["kind"]) == ("Secret", "Deployment")

    pod = deployment["spec"]["template"]
    assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
    (container,) = pod["spec"]["containers"]
    environ = {one["name"]: one["value"] for one in container["env"]}
    read = set(re.findall(r'environ.get\("(\w+)"', text))
    assert set(environ) == {"AIOSAGE_URL", "AIOSAGE_PASSWORD_FILE", *read}

    (volume,) = pod["spec"]["volumes"]
    (mount,) = container["volumeMounts"]
    assert mount["name"] == volume["name"]
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]
    folder, _, file = environ["AIOSAGE_PASSWORD_FILE"].rpartition("/")
    assert (folder, {file}) == (mount["mountPath"], set(secret["stringData"]))
    account = {**environ, "AIOSAGE_PASSWORD_FILE": ""}
    assert ConnectionConfig.from_env(environ=account).username == "jane@example.org"

    (port,) = container["ports"]
    assert str(port["containerPort"]) == environ["HEALTH_PORT"]
    for probe, path in (("liveness", "live"), ("readiness", "ready")):
        asked = container[f"{probe}Probe"]["httpGet"]
        assert asked == {"path": f"/{path}", "port": port["name"]}
        assert path in re.findall(
            r"\w+", text.partition("{probe:")[2].partition("}")[0]
        )
    grace = float(environ["GRACE_SECONDS"])
    assert pod["spec"]["terminationGracePeriodSeconds"] > grace + 5.0  # to log out

    defaults = dict(re.findall(r'environ.get\("(\w+)", "(\w+)"\)', text))
    built = dict(re.findall(r"\b([A-Z_]+)=(\w+)", docker.partition("\nENV ")[2]))
    assert {name: environ[name] for name in defaults} == defaults
    assert {name: built[name] for name in defaults} == defaults
    assert f"EXPOSE {environ['HEALTH_PORT']}" in docker
    assert "COPY service.py ." in docker
    assert 'ENTRYPOINT ["python", "service.py"]' in docker
    user = pod["spec"]["securityContext"]["runAsUser"]
    assert f"USER {user}:" in docker


@pytest.mark.usefixtures("dovecot")  # there is one to be had
async def test_work_is_done_by_the_servers_that_are_up(
    certificates: Certificates,
) -> None:
    """One is killed in the middle of it, and gets work again when it is back."""
    example = load("connect/several_servers.py")
    later = 0.0
    async with (
        DovecotServer(certificates=certificates) as one,
        DovecotServer(certificates=certificates) as other,
    ):
        user = one.new_user()
        configs = [
            ConnectionConfig(
                host=server.host,
                port=server.tls_port,
                username=user,
                password=Secret(server.password),
                ca_file=str(certificates.ca_file),
            )
            for server in (one, other)
        ]
        done: Counter[str] = Counter()

        async def work(server: IMAPClient) -> int:
            found = await server.mailbox().count()
            done[server.config.address] += 1
            return found

        async with IMAPAccounts(
            {config.address: config for config in configs},
            budget=ConnectionBudget(
                circuit=example.CIRCUIT, clock=lambda: time.monotonic() + later
            ),
            retry=None,
        ) as accounts:
            servers = example.Servers(accounts)

            async def some(times: int) -> Counter[str]:
                done.clear()
                jobs = (servers.do(work) for _ in range(times))
                assert await asyncio.gather(*jobs) == [0] * times
                return done

            first, second = (config.address for config in configs)
            shares = await some(20)
            assert shares[first] == shares[second] == 10

            shares, _ = await asyncio.gather(some(40), asyncio.to_thread(one.crash))
            assert shares.total() == 40
            assert await some(20) == {second: 20}
            await asyncio.to_thread(one.revive)
            circuit = accounts[first].stats().circuit
            assert circuit.state is CircuitState.OPEN
            assert await some(4) == {second: 4}  # it is left alone
            later = circuit.retry_after
            assert (await some(20))[first] == 1  # tries; nobody waits for it
            assert (await some(20))[first] == 10
