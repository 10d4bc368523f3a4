#!/usr/bin/python3
"""Runs the steps of a Dockerfile in chroots, where no container engine is at hand: FROM, ARG, ENV, RUN, COPY, WORKDIR and
USER as far as this project uses them. `FROM debian:N-slim` is a bare Debian from debootstrap. The result is a folder with the
tree, and its configuration (user, environment, entry point, health check) as JSON. Needs root and the network.

Usage: tests/docker/run_dockerfile.py DOCKERFILE OUT [--cache DIR]"""

import argparse
import fnmatch
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SUITES = {"debian:12-slim": "bookworm", "debian:13-slim": "trixie"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RECORDED = {"EXPOSE", "ENTRYPOINT", "CMD", "HEALTHCHECK", "STOPSIGNAL", "LABEL", "VOLUME"}


def instructions(text):
    """[(word, rest)], with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*", " ", text)
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def stages(text):
    """[(name or index, base, instructions)]"""
    found = []
    for word, rest in instructions(text):
        if word == "FROM":
            base, _, name = re.fullmatch(r"(\S+)( AS (\S+))?", rest).groups()
            found.append((name or str(len(found)), base, []))
        else:
            found[-1][2].append((word, rest))
    return found


class Ignored:
    """The .dockerignore: what the build may not see."""

    def __init__(self, path):
        self.rules = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]

    def __call__(self, name):
        hidden = False
        for rule in self.rules:
            pattern = rule.removeprefix("!")
            if fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/"):
                hidden = not rule.startswith("!")
        return hidden


IGNORED = Ignored(PROJECT / ".dockerignore")


def hidden_in(folder, names):
    """What of a folder is left out of a copy (shutil.copytree's `ignore`)."""
    within = Path(folder).relative_to(PROJECT) if Path(folder).is_relative_to(PROJECT) else None
    return [each for each in names if each == "__pycache__" or (within is not None and IGNORED(str(within / each)))]


def files_of(source):
    if source.is_file():
        return [source]
    found = []
    for folder, folders, names in os.walk(source):
        hidden = set(hidden_in(folder, folders + names))
        folders[:] = sorted(set(folders) - hidden)
        found += [Path(folder) / each for each in sorted(set(names) - hidden)]
    return found


def trust_the_registry(root):
    """npm's registry and its certificate authority are this machine's, as the package mirror is."""
    settings = Path.home() / ".npmrc"
    given = dict(re.findall(r"^(registry|cafile)\s*=\s*(\S+)", settings.read_text(), re.MULTILINE)) if settings.exists() else {}
    if "cafile" in given:
        shutil.copy(given["cafile"], root / "root/npm-ca.crt")  # the certificates package makes its own file anew
        given["cafile"] = "/root/npm-ca.crt"
    (root / "root/.npmrc").write_text("".join(f"{name}={value}\n" for name, value in given.items()))


class Stage:
    def __init__(self, root, trees):
        self.root, self.trees = root, trees
        self.environment, self.user, self.folder, self.recorded = {"PATH": PATH}, "0:0", "/", {}

    def copy(self, rest):
        words = shlex.split(rest)
        flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        tree = self.trees[flags["from"]] if "from" in flags else PROJECT
        inside = self.root / os.path.join(self.folder, target).lstrip("/")
        for source in sources:
            if tree == PROJECT and IGNORED(source):
                raise SystemExit(f"COPY {source}: .dockerignore hides it")
            origin = tree / source.lstrip("/")
            into = inside / origin.name if origin.is_file() and (target.endswith("/") or inside.is_dir()) else inside
            into.parent.mkdir(parents=True, exist_ok=True)
            if origin.is_dir():
                shutil.copytree(origin, into, symlinks=True, dirs_exist_ok=True, ignore=hidden_in)
            else:
                shutil.copy2(origin, into)
            for path in [into, *into.rglob("*")] if into.is_dir() else [into]:
                os.chown(path, *(map(int, flags.get("chown", "0:0").split(":"))), follow_symlinks=False)
                if "chmod" in flags and path.is_file():
                    path.chmod(int(flags["chmod"], 8))

    def run(self, command):
        subprocess.run(
            ["chroot", f"--userspec={self.user}", self.root, "env", "-i", "HOME=/root", "DEBIAN_FRONTEND=noninteractive",
             *(f"{name}={value}" for name, value in self.environment.items()),
             "/bin/sh", "-c", f"cd {shlex.quote(self.folder)} && {command}"],
            stdin=subprocess.DEVNULL, check=True,
        )  # fmt: skip

    def take(self, word, rest):
        print(f"==> {word} {rest}", flush=True)
        if word == "RUN":
            self.run(rest)
        elif word == "COPY":
            self.copy(rest)
        elif word == "WORKDIR":
            self.folder = os.path.join(self.folder, rest)
            (self.root / self.folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word in ("ENV", "ARG"):
            self.environment.update(pair.split("=", 1) for pair in shlex.split(rest))
        elif word == "USER":
            self.user = rest
        elif word in RECORDED:
            self.recorded[word] = json.loads(rest) if rest.startswith("[") else rest
        else:
            raise SystemExit(f"{word}: this program does not know it")


def mounted(root):
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    subprocess.run(["mount", "--rbind", "/dev", root / "dev"], check=True)


def unmounted(root):
    for name in ("dev", "proc"):
        subprocess.run(["umount", "-l", root / name], check=True)


def key_of(base, steps):
    """The same for the same steps on the same files."""
    digest = hashlib.sha256(repr((base, steps)).encode())
    for word, rest in steps:
        if word == "COPY" and "--from" not in rest:
            for source in [each for each in shlex.split(rest) if not each.startswith("--")][:-1]:
                for path in files_of(PROJECT / source):
                    digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def build(dockerfile, out, cache):
    trees = {}
    every = stages(dockerfile.read_text())
    for name, base, steps in every:
        last = name == every[-1][0]
        root = out if last else cache / "stages" / key_of(base, steps)
        trees[name] = root
        if not last and root.exists():
            print(f"==> stage {name} is kept from an earlier run")
            continue
        bare = cache / SUITES[base]
        subprocess.run([PROJECT / "tests/packaging/bare-debian", SUITES[base], bare], check=True)
        work = root.with_name(root.name + ".new")
        shutil.rmtree(work, ignore_errors=True)
        work.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", bare, work], check=True)
        if not last:
            trust_the_registry(work)
        mounted(work)
        stage = Stage(work, trees)
        for word, rest in steps:
            stage.take(word, rest)
        unmounted(work)
        work.rename(root)
    configuration = {"environment": stage.environment, "user": stage.user, "folder": stage.folder, **stage.recorded}
    out.with_name(out.name + ".json").write_text(json.dumps(configuration, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dockerfile", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("/var/cache/tasklane-tests"))
    arguments = parser.parse_args()
    if arguments.out.exists():
        raise SystemExit(f"{arguments.out} is there already")
    if "TASKLANE_UNSHARED" not in os.environ:  # mounts that end with this program, however it ends
        os.environ["TASKLANE_UNSHARED"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", sys.executable, *sys.argv])
    build(arguments.dockerfile, arguments.out.absolute(), arguments.cache.absolute())


if __name__ == "__main__":
    main()
