#!/usr/bin/env python3
"""The checks of `make lint` and the counting of `make test`, shown to find what they are for.

Each case puts a small tree together, copies one tool into it, runs it there and looks at what
it says.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile

TOOLS = os.path.join(os.environ["SOURCE_ROOT"], "tools")

LAYERS = """
everywhere: | stdlib.h
base: | jansson.h
net: base
live: base net | linux/*
cli: * | unistd.h
tests: | cmocka.h
"""

LONG_FUNCTION = "static int far(int a) {\n" + "\ta++;\n" * 69 + "}\n"
GOTO_FUNCTION = "int near(int a) {\n\tgoto out;\nout:\n\tif (a) {\n\t}\n}\n"
TABLE = "static const int TABLE[] = {\n" + "\t1,\n" * 90 + "};\n"


def write(root, path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run_tool(tool, files, arguments=(), path=None):
    """(exit code, output) of a copy of the tool in a tree of these files."""
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "tools"))
        shutil.copy(os.path.join(TOOLS, tool), os.path.join(root, "tools"))
        for name, text in files.items():
            written = write(root, name, text)
            if text.startswith("#!"):
                os.chmod(written, os.stat(written).st_mode | stat.S_IXUSR)
        env = dict(os.environ)
        if path:
            env["PATH"] = os.path.join(root, path) + ":" + env["PATH"]
        done = subprocess.run(
            [os.path.join(root, "tools", tool), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=root,
        )
        return done.returncode, done.stdout.decode()


def layers_say(name, text, expected):
    """What check-layers says about one more file in a tree that is otherwise right."""
    files = {
        "src/LAYERS": LAYERS,
        "src/base/a.h": "",
        "src/base/a_int.h": "",
        "src/net/n.h": '#include "base/a.h"\n#include <stdlib.h>\n',
        "src/live/l.h": "",
    }
    files[name] = text
    code, output = run_tool("check-layers", files)
    if not expected:
        return code == 0 and output == "", output
    return code == 1 and expected in output and len(output.splitlines()) == 1, output


def sizes_say(files, expected, exceptions=""):
    tree = {"tools/size-exceptions": exceptions, "src/a/README.md": "a\n"}
    tree.update(files)
    code, output = run_tool("check-sizes", tree)
    if not expected:
        return code == 0 and output == "", output
    return code == 1 and expected in output and len(output.splitlines()) == 1, output


def words_say(text, is_clean):
    code, output = run_tool("check-words", {"docs/x.md": text})
    return (code == 0) == is_clean and ("docs/x.md:1" in output) != is_clean, output


def runner_says(script, protocol, expected):
    """The last line and the exit code of run-tests with one test, which is a script."""
    test = {
        "name": "one",
        "cmd": ["ROOT/one"],
        "env": {},
        "workdir": None,
        "timeout": 1,
        "suite": ["interplane:unit"],
        "is_parallel": True,
        "protocol": protocol,
    }
    files = {
        "one": "#!/bin/sh\n" + script,
        "bin/meson": '#!/bin/sh\nsed "s|ROOT|$(pwd)|" tests.json\n',
        "tests.json": json.dumps([test]),
    }
    code, output = run_tool("run-tests", files, ["build"], path="bin")
    has_failed = not expected.endswith(" 0 failed") or expected.startswith("0 ")
    return output.splitlines()[-1] == expected and code == int(has_failed), output


CASES = [
    ("layers_that_are_kept_are_silent", layers_say, "src/net/m.c", '#include "net/n.h"\n', ""),
    (
        "a_layer_sees_none_above_it",
        layers_say,
        "src/net/m.c",
        '#include "live/l.h"\n',
        "net may not",
    ),
    (
        "an_include_is_rooted_at_src",
        layers_say,
        "src/base/b.c",
        '#include "a.h"\n',
        "no file below",
    ),
    (
        "an_internal_header_stays",
        layers_say,
        "src/net/m.c",
        '#include "base/a_int.h"\n',
        "internal",
    ),
    ("a_layer_sees_its_own_internals", layers_say, "src/base/b.c", '#include "base/a_int.h"\n', ""),
    ("outside_headers_are_listed", layers_say, "src/net/m.c", "#include <time.h>\n", "<time.h>"),
    ("a_listed_header_may_be_seen", layers_say, "src/base/b.c", "#include <jansson.h>\n", ""),
    ("a_pattern_lists_headers", layers_say, "src/live/m.c", "#include <linux/if.h>\n", ""),
    ("tests_see_cmocka", layers_say, "src/net/m_test.c", "#include <cmocka.h>\n", ""),
    ("only_tests_see_cmocka", layers_say, "src/net/m.c", "#include <cmocka.h>\n", "<cmocka.h>"),
    ("a_star_is_all_above", layers_say, "src/cli/m.c", '#include "live/l.h"\n', ""),
    ("chance_is_seeded_below_live", layers_say, "src/net/m.c", "int a = rand();\n", "rand()"),
    ("an_unknown_folder_is_named", layers_say, "src/odd/m.c", "\n", "odd has no line"),
    ("a_cycle_cannot_be_written", layers_say, "src/LAYERS", LAYERS + "x: y\ny:\n", "above it"),
    ("small_files_are_silent", sizes_say, {"src/a/b.c": GOTO_FUNCTION + TABLE}, ""),
    (
        "a_long_function_is_found",
        sizes_say,
        {"src/a/b.c": GOTO_FUNCTION + LONG_FUNCTION},
        "of far: 71",
    ),
    ("a_long_file_is_found", sizes_say, {"src/a/b.c": "\n" * 801}, "lines: 801"),
    ("a_long_header_is_found", sizes_say, {"src/a/b.h": "\n" * 151}, "lines: 151"),
    (
        "parameters_are_counted_over_lines",
        sizes_say,
        {"src/a/b.c": "int f(int (*a)(int, int), int b, int c,\n\tint d, int e, int f) {\n}\n"},
        "parameters of f: 6",
    ),
    ("a_folder_is_introduced", sizes_say, {"src/b/b.c": "\n"}, "src/b/README.md: missing"),
    (
        "an_introduction_is_short",
        sizes_say,
        {"src/a/b.c": "", "src/a/README.md": "\n" * 26},
        ": 26",
    ),
    ("an_exception_excuses", sizes_say, {"src/a/b.c": "\n" * 801}, "", "src/a/b.c # why\n"),
    ("an_exception_has_a_reason", sizes_say, {"src/a/b.c": "\n" * 801}, "no reason", "src/a/b.c\n"),
    (
        "an_exception_is_needed",
        sizes_say,
        {"src/a/b.c": "\n"},
        "keeps the limits",
        "src/a/b.c # x\n",
    ),
    ("plain_words_are_silent", words_say, "interplane answers promptly", True),
    ("a_word_that_has_no_business_is_found", words_say, "a " + "PROM" + "PT", False),
    (
        "each_tap_case_counts",
        runner_says,
        "echo 1..2; echo ok 1; echo ok 2",
        "tap",
        "2 passed, 0 failed",
    ),
    (
        "a_failed_case_fails",
        runner_says,
        "echo 1..2; echo ok 1; echo not ok 2",
        "tap",
        "1 passed, 1 failed",
    ),
    (
        "a_case_never_reached_fails",
        runner_says,
        "echo 1..3; echo ok 1",
        "tap",
        "1 passed, 2 failed",
    ),
    (
        "a_crash_after_all_cases_fails",
        runner_says,
        "echo 1..1; echo ok 1; kill -9 $$",
        "tap",
        "1 passed, 1 failed",
    ),
    ("no_plan_fails", runner_says, "true", "tap", "0 passed, 1 failed"),
    (
        "a_script_counts_as_one",
        runner_says,
        "echo ok 1; echo ok 2",
        "exitcode",
        "1 passed, 0 failed",
    ),
    ("a_script_fails_by_its_exit_code", runner_says, "exit 3", "exitcode", "0 passed, 1 failed"),
    ("a_test_that_hangs_fails", runner_says, "sleep 20", "exitcode", "0 passed, 1 failed"),
    ("nothing_but_skipped_fails", runner_says, "exit 77", "exitcode", "0 passed, 0 failed"),
]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, check, *arguments) in enumerate(CASES, 1):
        is_right, output = check(*arguments)
        print(f"{'ok' if is_right else 'not ok'} {number} - {name}")
        if not is_right:
            failed += 1
            for line in output.splitlines():
                print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
