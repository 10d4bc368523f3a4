"""A certification authority of the tests' own, and what it certifies."""

import subprocess


def authority(folder, name="Test authority"):
    """The path of a new authority's certificate; its key lies beside it."""
    certificate, key = folder / "authority.pem", folder / "authority.key"
    _openssl("req", "-x509", *_new_key(key), "-days", "2", "-subj", f"/CN={name}", "-out", certificate)
    certificate.chmod(0o644)
    return certificate


def certify(folder, host, *more):
    """(certificate, key) of a server of this name, and of others such as IP:127.0.0.1, signed by the authority of the folder."""
    certificate, key, request, names = (folder / f"server.{end}" for end in ("pem", "key", "csr", "names"))
    names.write_text(f"subjectAltName = {', '.join([f'DNS:{host}', *more])}\nbasicConstraints = critical, CA:FALSE\n")
    _openssl("req", "-new", *_new_key(key), "-subj", f"/CN={host}", "-out", request)
    signer = ("-CA", folder / "authority.pem", "-CAkey", folder / "authority.key", "-CAcreateserial")
    _openssl("x509", "-req", "-in", request, *signer, "-days", "2", "-extfile", names, "-out", certificate)
    return certificate, key


def _new_key(path):
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", path)


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
