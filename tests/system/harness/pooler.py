"""The machine's own PgBouncer in transaction mode, before a cluster of a test."""

import os
import re
import shutil
import signal
import subprocess

import psycopg2

from harness.cluster import PASSWORDS, as_service, service_folder, url, write
from harness.processes import free_ports, undone_by, wait_for
from harness.run import KEEP

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


def version():
    """(1, 18) on Debian 12, (1, 24) on Debian 13."""
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"PgBouncer (\d+)\.(\d+)", said).groups()))


def prepares():
    """Whether it keeps prepared statements in transaction mode."""
    return version() >= (1, 21)


class Pooler:
    """Use as `with Pooler(cluster) as pooler:`."""

    def __init__(self, cluster, pool_size=2, **settings):
        self.folder = service_folder()
        self.port = free_ports()
        self.log = self.folder / "pgbouncer.log"
        lines = {
            "listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "scram-sha-256",
            "auth_file": self.folder / "users", "admin_users": "postgres", "pool_mode": "transaction",
            "default_pool_size": pool_size, "max_client_conn": 200, **settings,
        }  # fmt: skip
        if prepares():
            lines.setdefault("max_prepared_statements", 100)  # the default before 1.24 is none
        database = f"tasklane = host=127.0.0.1 port={cluster.port} dbname=tasklane"
        text = "\n".join(f"{name} = {value}" for name, value in lines.items())
        write(self.folder / "pgbouncer.ini", f"[databases]\n{database}\n[pgbouncer]\n{text}\n")
        write(self.folder / "users", "".join(f'"{u}" "{p}"\n' for u, p in PASSWORDS.items()))
        self.process = None

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [PROGRAM, str(self.folder / "pgbouncer.ini")], **as_service(), cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        with undone_by(self.process.kill):
            wait_for(self.answers, lambda: f"PgBouncer to start\n{self.log.read_text()[-2000:]}")
        return self

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            self.show("VERSION")
        except psycopg2.OperationalError:
            return False
        return True

    def show(self, what):
        """Rows of the admin console, as dictionaries."""
        how = {"user": "postgres", "password": PASSWORDS["postgres"], "dbname": "pgbouncer"}
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, **how)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"SHOW {what}")
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        connection.close()
        return rows

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(60)

    def url(self, role, **parameters):
        return url(role, [self.port], **parameters)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        if not KEEP:
            shutil.rmtree(self.folder, ignore_errors=True)
