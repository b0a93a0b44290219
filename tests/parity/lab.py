"""A lab for a test: brought up, asked, and cleaned away whatever happens."""

import json
import os
import re
import subprocess
import sys

ROOT = os.environ.get(
    "SOURCE_ROOT", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
)
PROGRAM = os.environ.get("INTERPLANE", os.path.join(ROOT, "build", "interplane"))
SKIPPED = 77
RUN_SECONDS_MAX = 60


def need(*programs):
    """Ends the test as skipped where it can't run."""
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        print("1..0 # SKIP needs root and /dev/net/tun")
        sys.exit(SKIPPED)
    for program in programs:
        if subprocess.run(["which", program], stdout=subprocess.DEVNULL).returncode:
            print(f"1..0 # SKIP {program} is not installed")
            sys.exit(SKIPPED)


def run(*words, timeout=RUN_SECONDS_MAX, **more):
    return subprocess.run(
        [PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=timeout,
        text=True,
        **more,
    )


def ask(*words):
    """The JSON document a verb prints."""
    done = run(*words, "--format", "json")
    if done.returncode not in (0, 1):
        raise RuntimeError(f"interplane {' '.join(words)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


class Lab:
    def __init__(self, file, name):
        self.file = os.path.join(ROOT, file)
        self.name = name

    def __enter__(self):
        run("lab", "down", "--name", self.name)  # what an earlier, killed run left
        done = run("lab", "up", self.file, "--name", self.name)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return self

    def __exit__(self, *_):
        run("lab", "down", "--name", self.name)

    def verb(self, *words):
        return run("lab", *words, "--name", self.name)

    def status(self):
        return ask("lab", "status", "--name", self.name)

    def command(self, host, *words):
        return [PROGRAM, "lab", "exec", host, "--name", self.name, "--", *words]

    def on(self, host, *words, timeout=RUN_SECONDS_MAX):
        return subprocess.run(
            self.command(host, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            text=True,
        )


class Tap:
    """Counts cases; `case` takes a name and what is wrong with it, nothing when it is as it should."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def case(self, name, problem=None):
        self.count += 1
        self.failed += bool(problem)
        print(f"{'not ok' if problem else 'ok'} {self.count} - {name}")
        for line in str(problem or "").splitlines():
            print(f"# {line}")
        sys.stdout.flush()

    def end(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


RTT = re.compile(r"time=([0-9.]+) ms")
HOP = re.compile(r"^\s*(\d+)\s+(.*)$")
ADDRESS = re.compile(r"\b(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:]+)\b")


def ping_times(output):
    return [float(found) for found in RTT.findall(output)]


def traceroute_hops(output):
    """One set of addresses a TTL, an empty one for silence."""
    hops = []
    for line in output.splitlines():
        found = HOP.match(line)
        if found:
            hops.append(set(ADDRESS.findall(re.sub(r"[0-9.]+ ms", "", found.group(2)))))
    return hops
