#!/usr/bin/env python3
"""What README.md and docs/topology.md show is what the program does.

A `yaml` block that stands for a whole file loads, and its tests pass. A `console` block holds
commands and exactly what they print.
"""

import os
import re
import subprocess
import sys
import tempfile

from rules import PROGRAM, ROOT, equal, holds, rule, run

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return BLOCK.findall(file.read())


def is_whole(text):
    return "virtualNetworks:" in text and "tests:" in text and "…" not in text


def run_in(folder, *arguments):
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def write_network(path, folder):
    networks = [text for kind, text in blocks(path) if kind == "yaml" and is_whole(text)]
    equal(len(networks), 1, f"whole files in {path}")
    with open(os.path.join(folder, "office.yaml"), "w", encoding="utf-8") as file:
        file.write(networks[0])
    os.symlink(os.path.abspath(os.path.join(ROOT, "examples")), os.path.join(folder, "examples"))


def check_network(path):
    with tempfile.TemporaryDirectory() as folder:
        write_network(path, folder)
        for verb in ("check", "test"):
            code, output = run_in(folder, verb, "office.yaml")
            equal(code, 0, output)
            holds("warning:" not in output, output)


@rule("README.md", "the network in it loads without a warning and passes its tests")
def readme_network():
    check_network("README.md")


@rule("docs/topology.md", "its first network loads without a warning and passes its tests")
def topology_network():
    check_network("docs/topology.md")


@rule("README.md", "each command prints what stands below it")
def readme_commands():
    commands = 0
    with tempfile.TemporaryDirectory() as folder:
        write_network("README.md", folder)
        for kind, text in blocks("README.md"):
            for part in re.split(r"^\$ build/interplane ", text, flags=re.M)[1:]:
                holds(kind == "console", f"a command in a {kind} block")
                command, _, expected = part.partition("\n")
                output = run_in(folder, *command.split())[1]
                equal(output.splitlines(), expected.splitlines(), command)
                commands += 1
    holds(commands > 0, "no command in README.md")


if __name__ == "__main__":
    sys.exit(run())
