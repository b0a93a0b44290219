"""The program under test, and TAP: one case per statement about it."""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.environ.get(
    "SOURCE_ROOT", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
)
PROGRAM = os.environ.get("INTERPLANE", os.path.join(ROOT, "build", "interplane"))
RUN_SECONDS_MAX = 30


class Mismatch(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Mismatch(text)


def ask(verb, *arguments):
    """The JSON document a verb answers with."""
    command = [PROGRAM, verb, *map(str, arguments), "--format", "json"]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=RUN_SECONDS_MAX
        )
    except subprocess.TimeoutExpired:
        raise Mismatch(f"{' '.join(command)}: not done in {RUN_SECONDS_MAX} s") from None
    errors = done.stderr.decode("utf-8", "replace").strip()
    check(done.returncode == 0, f"{' '.join(command)}: exit code {done.returncode}\n{errors}")
    check(not errors, f"{' '.join(command)} said\n{errors}")
    return json.loads(done.stdout)


def example(name):
    with open(os.path.join(ROOT, "examples", name), encoding="utf-8") as file:
        return file.read()


class Networks:
    """Networks written for a test, each a file in a folder that lasts as long as the test."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()

    def write(self, name, text):
        path = os.path.join(self.folder.name, name + ".yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def replace(text, old, new, count=None):
    """A change of a network's text, which has to find what it changes."""
    found = text.count(old)
    check(found == count if count else found > 0, f"\"{old}\" stands {found} times in the network")
    return text.replace(old, new)


def run_cases(cases):
    """`cases` are (name, function without arguments). The exit code."""
    failed = 0
    print(f"1..{len(cases)}")
    for number, (name, case) in enumerate(cases, 1):
        problem = None
        try:
            case()
        except Mismatch as mismatch:
            problem = str(mismatch)
        except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
            problem = f"can't be compared: {error!r}"
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} {number} - {name}")
        for line in (problem or "").splitlines():
            print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0
