"""Another nginx in front of a stack's: the proxy, balancer or CDN of a deployment. TLS ends there, or nowhere."""

import shutil
import signal
import subprocess
from contextlib import contextmanager

from harness import certificates, wire
from harness.processes import free_ports, wait_for
from harness.run import new_folder

HOST = "tasks.example.com"
# The address from which it speaks to the stack: loopback addresses are all this machine's.
ADDRESS = "127.0.0.3"
X_FORWARDED_FOR = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;"
FORWARDED = 'proxy_set_header Forwarded "for=$remote_addr;proto=$scheme";'

CONFIGURATION = """
daemon off; pid run.pid; error_log error.log warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    server {{
        listen 0.0.0.0:{port} ssl;
        listen 0.0.0.0:{plain_port};
        location / {{
            proxy_bind {address};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            {headers}
            proxy_pass {to};
        }}
    }}
}}
"""


class Front:
    """Looks like a stack to wire.py and client.py: `url`, `port`, `plain_port`, `certificate`."""

    def __init__(self, stack, to=None, headers=X_FORWARDED_FOR, address=ADDRESS, port=None):
        self.stack = stack
        self.folder = new_folder()
        self.port = port or free_ports()
        self.plain_port = self.port + 1
        self.host = "127.0.0.1"
        self.url = f"https://{self.host}:{self.port}"
        self.certificate = certificates.authority(self.folder)
        certificate, key = certificates.certify(self.folder, HOST, "IP:127.0.0.1")
        text = CONFIGURATION.format(
            certificate=certificate, key=key, port=self.port, plain_port=self.plain_port, headers=headers, address=address,
            to=to or f"http://127.0.0.1:{stack.plain_port}",
        )  # fmt: skip
        (self.folder / "nginx.conf").write_text(text)

    def start(self):
        command = ["nginx", "-e", "error.log", "-p", f"{self.folder}/", "-c", f"{self.folder}/nginx.conf"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._listens, "the proxy in front to listen")
        return self

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _listens(self):
        try:
            wire.connect(self, tls=False).close()
        except ConnectionRefusedError:
            assert self.process.poll() is None, (self.folder / "error.log").read_text()
            return False
        return True


@contextmanager
def front_of(stack, **how):
    front = Front(stack, **how).start()
    try:
        yield front
    finally:
        front.stop()
