"""A Postgres server of a test's own, on a port of loopback: killed, made read-only, followed by a standby, promoted."""

import os
import pwd
import shutil
import signal
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from harness.processes import children_of, free_ports, is_alive, undone_by, wait_for
from harness.run import KEEP, new_folder

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
PASSWORDS = {"postgres": "super", "tasklane_owner": "owner", "tasklane_api": "api", "tasklane_auth": "auth"}
# Nothing here outlives the run; what must not be lost in a failover is with the standby.
QUICK = "fsync = off\nfull_page_writes = off\nwal_level = replica\nmax_wal_senders = 4\nautovacuum = off\n"


def as_service():
    """How subprocess starts something as the user of the services: Postgres and PgBouncer refuse root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def into(host):
    """What begins a command of the services' user on a host: only root may enter one."""
    if host is None:
        return []
    how = as_service()
    return [*host.inside, "--setuid", str(how["user"]), "--setgid", str(how["group"])]


def service_folder():
    """A folder that the services' user owns."""
    folder = new_folder()
    if how := as_service():
        os.chown(folder, how["user"], how["group"])
    return folder


def write(path, text, mode=0o600):
    """A file of the services' user."""
    path.write_text(text)
    path.chmod(mode)
    if how := as_service():
        os.chown(path, how["user"], how["group"])


class Cluster:
    """Use Cluster().create() or Cluster().follow(primary), then start(); stop() and remove() in the end."""

    def __init__(self, host=None):
        """`host`: one of harness.network, instead of loopback."""
        self.host = host
        self.address = host.address if host else "127.0.0.1"
        self.folder = service_folder()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.port = free_ports()
        self.server = None

    def program(self, name, *arguments):
        done = subprocess.run(
            [str(PROGRAMS / name), *map(str, arguments)], **as_service(), cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORDS["postgres"], "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0, f"{name}: {done.stdout}"
        return done.stdout

    def create(self, settings="", hba=None):
        """A primary with the roles of Tasklane and its empty database."""
        write(self.folder / "password", PASSWORDS["postgres"])
        self.program(
            "initdb", f"--pgdata={self.data}", "--username=postgres", f"--pwfile={self.folder}/password", "--no-sync",
            "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256",
        )  # fmt: skip
        write(self.data / "postgresql.auto.conf", QUICK + settings)
        if hba:
            write(self.data / "pg_hba.conf", hba)
        self.start()
        with undone_by(self.remove):
            self.make_roles()
        return self

    def make_roles(self):
        for role, rights in (("tasklane_owner", "CREATEROLE"), ("tasklane_api", "")):
            self.sql(f"CREATE ROLE {role} LOGIN {rights} PASSWORD '{PASSWORDS[role]}'", database="postgres")
        # Since PostgreSQL 16 it takes the admin option to change a role that somebody else has made.
        self.sql("GRANT tasklane_api TO tasklane_owner WITH ADMIN OPTION", database="postgres")
        self.sql("CREATE DATABASE tasklane OWNER tasklane_owner", database="postgres")

    def follow(self, primary):
        """A standby with the primary's data so far, that calls itself `standby`."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name=standby"
        options = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream")
        self.program("pg_basebackup", f"--pgdata={self.data}", f"--dbname={source}", *options)
        return self.start()

    def start(self):
        with self.log.open("a") as log:
            self.server = subprocess.Popen(
                [*into(self.host), str(PROGRAMS / "postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self.folder),
                 "-c", f"listen_addresses={self.address}"],
                **({} if self.host else as_service()), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        with undone_by(lambda: self.stop(signal.SIGQUIT)):
            wait_for(self.answers, lambda: f"Postgres to start\n{self.log.read_text()[-2000:]}")
        return self

    def answers(self):
        assert self.server.poll() is None, self.log.read_text()[-2000:]
        done = subprocess.run(
            [str(PROGRAMS / "pg_isready"), "-q", "-h", self.address, "-p", str(self.port)], check=False
        )
        return done.returncode == 0

    def stop(self, number=signal.SIGINT):
        """SIGINT is a fast shutdown: what was committed reaches the standby, then connections are cut."""
        if self.server and self.server.poll() is None:
            self.server.send_signal(number)
            self.server.wait(60)

    def kill(self):
        """As when the machine loses its power: nobody has the time to say goodbye."""
        everybody = [self.server.pid, *children_of(self.server.pid)]
        for pid in everybody:
            os.kill(pid, signal.SIGKILL)
        self.server.wait(60)
        wait_for(lambda: not any(map(is_alive, everybody)), "Postgres to be dead")

    def remove(self):
        self.stop(signal.SIGQUIT)
        if not KEEP:
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def connection(self, role="postgres", database="tasklane"):
        """One transaction, then closed."""
        how = {"user": role, "password": PASSWORDS[role], "dbname": database}
        with closing(psycopg2.connect(host=self.address, port=self.port, **how)) as connection:
            connection.autocommit = database == "postgres"  # CREATE DATABASE, ALTER SYSTEM
            yield connection
            connection.commit()

    def sql(self, statement, role="postgres", database="tasklane"):
        """Runs it, and returns the first column of the first row, if there is one."""
        with self.connection(role, database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None

    def set(self, name, value):
        """A setting of the whole server, from now on."""
        self.sql(f"ALTER SYSTEM SET {name} = '{value}'", database="postgres")
        self.sql("SELECT pg_reload_conf()", database="postgres")

    def promote(self):
        """Returns once it takes writes."""
        assert self.sql("SELECT pg_promote(true, 30)", database="postgres"), "the standby was not promoted"

    def url(self, role, **parameters):
        return url(role, [self.port], self.address, **parameters)


def url(role, ports, host="127.0.0.1", **parameters):
    """A connection URL to the servers at these ports, in this order."""
    hosts = ",".join(f"{host}:{port}" for port in ports)
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"postgresql://{role}:{PASSWORDS[role]}@{hosts}/tasklane" + (f"?{query}" if query else "")
