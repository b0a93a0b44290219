#!/usr/bin/env python3
"""A settled network does not remember how it got there: after power-on, with other seeds, and after
each link has been down or cut and is up again, every table is what it was."""

import functools
import os
import sys

from program import ROOT, ask, check, run_cases

EXAMPLES = ("interop.yaml", "sea-cust11.yaml")
DOWN_AT, UP_AT = "1s", "240s"  # longer than any timer that notices a cut


def path_of(name):
    return os.path.join(ROOT, "examples", name)


def places(network):
    """Whoever has a table to speak of."""
    kinds = [node for node in ask("show", network, "nodes")["nodes"] if node["kind"] != "subnet"]
    return [node["name"] for node in kinds]


def tables(network, nodes, *options):
    return {node: ask("routes", network, node, *options) for node in nodes}


@functools.lru_cache
def undisturbed(network):
    return tables(network, places(network))


def same_tables(network, options):
    def case():
        before = undisturbed(network)
        after = tables(network, before, *options)
        for node in before:
            check(before[node] == after[node], f"the table of {node} differs")
    return case


def failable(network):
    return [link["name"] for link in ask("show", network, "links")["links"] if link["canFail"]]


def main():
    cases = []
    for example in EXAMPLES:
        network = path_of(example)
        cases.append((f"{example}: from power-on", same_tables(network, ["--cold"])))
        for seed in range(2, 6):
            cases.append((f"{example}: seed {seed}", same_tables(network, ["--seed", seed])))
        for link in failable(network):
            for fault in ("down", "cut"):
                events = ["--event", f"{DOWN_AT} {fault} {link}", "--event", f"{UP_AT} up {link}"]
                name = f"{example}: after {fault} and up of {link}".replace("#", "/")
                cases.append((name, same_tables(network, events)))
    return run_cases(cases)


if __name__ == "__main__":
    sys.exit(main())
