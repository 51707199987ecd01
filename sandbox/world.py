"""The whole world on loopback: X API, S3 and mail server, started and stopped together."""

import json
import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.message import EmailMessage
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.compliance import ComplianceJobs
from sandbox.fates import Fates
from sandbox.faults import Faults
from sandbox.limits import SEARCH_ALL_SPACING_SECONDS, RateLimits
from sandbox.population import Population
from sandbox.smtp_sink import SMTP_PASSWORD, SmtpSink
from sandbox.usage import Usage
from sandbox.x_api import TOKEN, Served, XApi

FROM_EMAIL = "tweet-lake@example.org"
AWS_SECRET = "sandbox-secret-access-key"  # noqa: S105 - S3 on loopback takes any
"""Long enough to be looked for in what a run leaves (tests/security)."""
_START_SECONDS = 20


class World:
    """A local world as a context manager; ports of 0 are any free ones.

    `now` freezes the X API's clock there; None is the real one. `rate_limits` replaces limits of
    single endpoints (requests per 15 minutes), for load tests. `compliance_polls` is how many GETs
    find a compliance job in progress after its upload. Mails are kept in
    `directory/mails`, which is emptied on start; S3 keeps nothing beyond the world's life.
    """

    def __init__(
        self,
        directory: Path,
        now: datetime | None = None,
        *,
        seed: int = 1,
        extra_usernames: Iterable[str] = (),
        bucket: str = "tweet-lake",
        rate_limits: Mapping[str, int] | None = None,
        search_all_spacing: float = SEARCH_ALL_SPACING_SECONDS,
        compliance_polls: int = 1,
        host: str = "127.0.0.1",
        x_port: int = 0,
        s3_port: int = 0,
        smtp_port: int = 0,
    ) -> None:
        """Only remember; nothing listens before `start`."""
        self.bucket = bucket
        self._host, self._x_port, self._s3_port = host, x_port, s3_port
        self._directory = directory
        self._clock = Clock(now)
        limits = RateLimits(rate_limits, search_all_spacing=search_all_spacing)
        self.population = Population(seed, extra_usernames)
        self.api = XApi(self.population, self._clock, Faults(), limits, compliance_polls)
        self.smtp = SmtpSink(directory / "mails", host, smtp_port)
        self.x_url = self.s3_url = ""

    def start(self) -> Self:
        """Start all three, make the bucket, and return when they answer.

        Raise OSError naming the port if one of them is taken; then nothing is left running.
        """
        ports = {"X API": self._x_port, "S3": self._s3_port, "mail server": self.smtp.port}
        for name, port in ports.items():
            _check_free(name, self._host, port)
        shutil.rmtree(self.smtp.folder, ignore_errors=True)
        self._start_x_api()
        self._start_s3()
        self.smtp.start()
        return self

    def stop(self) -> None:
        """Stop all three and forget the bucket."""
        self.smtp.stop()
        self._forget_bucket()
        self._moto.stop()
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def travel(self, to: datetime) -> None:
        """Move the frozen clock; ClockRunsError in a world on the real one."""
        self._clock.travel(to)

    @property
    def faults(self) -> Faults:
        """The X API's faults: `world.faults.add("rate_limit", path="harbour_news")`."""
        return self.api.faults

    @property
    def fates(self) -> Fates:
        """What happens to posts and accounts: `world.fates.suspend("harbour_news")`."""
        return self.api.fates

    @property
    def compliance(self) -> ComplianceJobs:
        """The compliance jobs so far; `polls` sets how many GETs find one in progress."""
        return self.api.compliance

    @property
    def requests(self) -> list[Served]:
        """The requests that the X API has answered, oldest first."""
        return list(self.api.requests)

    @property
    def usage(self) -> Usage:
        """What the X API has returned, and what X would charge for it."""
        return self.api.usage

    @property
    def smtp_host(self) -> str:
        """Where the mail server listens."""
        return self.smtp.host

    @property
    def smtp_port(self) -> int:
        """The port that the mail server listens on."""
        return self.smtp.port

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails that arrived, oldest first."""
        return self.smtp.mails

    def environment(self) -> dict[str, str]:
        """Return the Airflow connections to this world, as environment variables."""
        x_api = {"conn_type": "http", "host": self.x_url, "password": TOKEN}
        aws = {
            "conn_type": "aws",
            "login": "sandbox",
            "password": AWS_SECRET,
            "extra": {"endpoint_url": self.s3_url, "region_name": "us-east-1"},
        }
        smtp = {
            "conn_type": "smtp",
            "host": self.smtp_host,
            "port": self.smtp_port,
            "login": "sandbox",
            "password": SMTP_PASSWORD,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": FROM_EMAIL},
        }
        connections = {"x_api": x_api, "aws_default": aws, "smtp_default": smtp}
        return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(c) for name, c in connections.items()}

    def _start_x_api(self) -> None:
        listener = socket.create_server((self._host, self._x_port), backlog=2048)
        self.x_url = f"http://{self._host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(self.api),
            log_config=None,
            access_log=False,
            lifespan="off",
            date_header=False,  # the sandbox's clock tells the date
        )
        # A cut connection is what was ordered, not news; `requests` is the access log.
        for name in ("uvicorn.error", "uvicorn.access"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="x-api", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                msg = f"the X API did not start at {self.x_url}"
                raise RuntimeError(msg)
            time.sleep(0.005)

    def _start_s3(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line a request otherwise
        self._moto = ThreadedMotoServer(self._host, self._s3_port, verbose=False)
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self.s3_url = f"http://{host}:{port}"
        self._forget_bucket()
        connection = HTTPConnection(host, port, timeout=_START_SECONDS)
        connection.request("PUT", f"/{self.bucket}")
        status = connection.getresponse().status
        connection.close()
        if status != HTTPStatus.OK:
            msg = f"S3 at {self.s3_url} answered {status} to making the bucket {self.bucket!r}"
            raise RuntimeError(msg)

    def _forget_bucket(self) -> None:
        """Moto keeps buckets per process, not per server: the next world must not see ours."""
        for regions in s3_backends.values():
            for backend in regions.values():
                backend.buckets.pop(self.bucket, None)
        s3_backends.bucket_accounts.pop(self.bucket, None)


def _check_free(name: str, host: str, port: int) -> None:
    """Look before starting: moto, for one, waits for ever on a port that is taken."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        msg = f"the {name} cannot listen on {host}:{port} ({why}); choose another port"
        raise OSError(msg) from error
