#!/usr/bin/env python3
"""Holds what the program prints against expected/NAME for each line of `cases`. Prints TAP.

    tests/golden/cli/run.py [--update] [NAME]...

--update writes what is printed now; look at the difference before it is kept.
"""

import difflib
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(
    os.environ.get("INTERPLANE", os.path.join(HERE, "..", "..", "..", "build", "interplane")))
RUN_SECONDS_MAX = 60


def read_cases():
    with open(os.path.join(HERE, "cases"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, code, arguments = (part.strip() for part in line.split("|", 2))
                yield name, int(code), shlex.split(arguments)


def run(arguments, folder):
    files = {"FILE": "lab.yaml", "OTHER": "other.yaml"}
    command = [PROGRAM] + [files.get(word, word) for word in arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                          timeout=RUN_SECONDS_MAX, check=False)
    text = done.stdout
    if done.stderr:
        text += "--- standard error\n" + done.stderr
    return done.returncode, text


def make_files(folder):
    with open(os.path.join(HERE, "lab.yaml"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(folder, "lab.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(folder, "other.yaml"), "w", encoding="utf-8") as file:
        file.write(text.replace(", routeTable: nowhere", ""))


def check(number, name, code, arguments, folder):
    path = os.path.join(HERE, "expected", name)
    found_code, found = run(arguments, folder)
    again_code, again = run(arguments, folder)
    expected = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            expected = file.read()
    same = found == again and found_code == again_code
    passed = same and found == expected and found_code == code
    print(f"{'ok' if passed else 'not ok'} {number} {name}")
    if not same:
        print("# two runs differ")
    if found_code != code:
        print(f"# exit code {found_code}, expected {code}")
    for line in difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "found",
                                     lineterm="", n=1):
        print("# " + line)
    return passed


def main():
    update = "--update" in sys.argv[1:]
    names = [word for word in sys.argv[1:] if word != "--update"]
    cases = [case for case in read_cases() if not names or case[0] in names]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        make_files(folder)
        if not update:
            print(f"1..{len(cases)}")
        for number, (name, code, arguments) in enumerate(cases, 1):
            if update:
                with open(os.path.join(HERE, "expected", name), "w", encoding="utf-8") as file:
                    file.write(run(arguments, folder)[1])
            else:
                failed += not check(number, name, code, arguments, folder)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
