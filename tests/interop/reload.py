#!/usr/bin/env python3
"""`lab reload`: hosts that stay keep their namespaces, processes and connections; what differs is
changed, added, taken away; what was done by hand stays; and whatever goes wrong, the lab goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import lab as labs  # noqa: E402

NAME = "reloaded"
SPACES = "/run/netns"
STATE = "/run/interplane"
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
KILLS = 12
# Of 10 ms each: what may be lost or late when the hosts' packets change hands.
LOST_MAX = 3
LINK = "loc1-ce1--er1-primary"
HUB_VM = "  hub-vm: {subnet: hub/workload, privateIPAddress: 10.10.30.4}\n"
SPOKE_VM = "  spoke-vm: {subnet: spoke/workload, privateIPAddress: 10.11.30.4}\n"
REMOTE_VM = "  remote-vm: {subnet: remote/workload, privateIPAddress: 10.17.30.4}\n"
NEW_VM = "  new-vm: {subnet: hub/workload, privateIPAddress: 10.10.30.9}\n"
GUARD = """networkSecurityGroups:
  guard:
    securityRules:
      nothing: {priority: 100, direction: Inbound, access: Deny, protocol: "*"}
virtualMachines:
"""
ROUTE = """routeTables:
  detour:
    routes:
      nowhere: {addressPrefix: 10.2.30.0/25, nextHopType: None}
virtualMachines:
"""
# A server that sends back what it gets; a client that asks once a line of its input.
SERVER = """
import socket
listening = socket.create_server(("", 7000))
print("ready", flush=True)
while True:
    stream, _ = listening.accept()
    while bytes_ := stream.recv(100):
        stream.sendall(bytes_)
"""
CLIENT = """
import socket, sys
stream = socket.create_connection((sys.argv[1], 7000))
stream.settimeout(3)
for line in sys.stdin:
    try:
        stream.sendall(b"x")
        print(stream.recv(1) == b"x", flush=True)
    except OSError as error:
        print(error, flush=True)
"""


class File:
    """A topology file that is changed again and again."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "network.yaml")
        self.first = self.read()
        self.write()

    def read(self):
        with open(os.path.join(labs.ROOT, "examples", "interop.yaml"), encoding="utf-8") as file:
            whole = file.read()
        return whole[:whole.index("# What the article prints")]

    def write(self, *changes):
        text = self.first
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)


class Talk:
    """A TCP connection between two hosts, held by two processes."""

    def __init__(self, lab, client, server, address):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.server = subprocess.Popen(lab.command(server, "python3", "-c", SERVER), **pipes)
        self.server.stdout.readline()
        self.client = subprocess.Popen(lab.command(client, "python3", "-c", CLIENT, address), **pipes)

    def ask(self):
        self.client.stdin.write("\n")
        self.client.stdin.flush()
        return self.client.stdout.readline().strip()

    def end(self):
        for process in (self.client, self.server):
            process.kill()
            process.communicate()


def spaces():
    found = os.listdir(SPACES) if os.path.isdir(SPACES) else []
    return {name: os.stat(os.path.join(SPACES, name)).st_ino
            for name in found if name.startswith(f"ip-{NAME}-")}


def reload(lab, *words):
    return lab.verb("reload", lab.file, *words)


def reload_json(lab):
    done = reload(lab, "--format", "json")
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def reaches(lab, host, address):
    return not lab.on(host, "ping", "-c", "1", "-W", "1", address).returncode


def wait_until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def check_traffic(tap, lab, file):
    """Hosts come and go while a ping, a TCP stream and a waiting connection go by other ways."""
    talk = Talk(lab, "branch-vm", "hub-vm", "10.10.30.4")
    ping = subprocess.Popen(
        lab.command("branch-vm", "ping", "-q", "-i", "0.01", "-c", "300", "-W", "1", "10.10.30.4"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    server = subprocess.Popen(lab.command("spoke-vm", "iperf3", "-s", "-1"),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_until(lambda: ":5201" in lab.on("spoke-vm", "ss", "-ltn").stdout)
    stream = subprocess.Popen(
        lab.command("hub-vm", "iperf3", "-J", "-i", "0.2", "-t", "3", "-c", "10.11.30.4"),
        stdout=subprocess.PIPE, text=True)
    try:
        tap.case("a connection before", None if talk.ask() == "True" else "it is not there")
        before = spaces()
        time.sleep(0.5)
        file.write((REMOTE_VM, NEW_VM))
        told = reload_json(lab)
        print(f"# packets waited {told['pauseUs'] / 1000:.1f} ms")
        time.sleep(0.5)
        file.write()
        reload_json(lab)
        report = ping.communicate(timeout=20)[0]
        lost = 300 - int(report.split(" received")[0].split()[-1])
        tap.case(f"of 300 pings at most {LOST_MAX} are lost in two reloads",
                 None if lost <= LOST_MAX else report)
        result = json.loads(stream.communicate(timeout=20)[0])
        rates = [part["sum"]["bits_per_second"] for part in result.get("intervals", [])]
        tap.case("a TCP stream goes on", None if len(rates) >= 14 and
                 result["end"]["sum_received"]["bits_per_second"] > 50e6 and
                 sum(rate == 0 for rate in rates) <= 2 else str(rates))
        tap.case("a connection waits and goes on", None if talk.ask() == "True" else "it is gone")
        after = spaces()
        kept = [name for name in before if "remote" not in name]
        tap.case("hosts that stay have the namespaces they had",
                 None if all(before[name] == after.get(name) for name in kept) else f"{before} {after}")
    finally:
        talk.end()
        for process in (ping, server, stream):
            process.kill()
            process.wait()


def not_as_predicted(lab):
    """What `verify --live` finds, but for lateness, which is tests/parity's matter."""
    done = labs.run("verify", "--live", lab.name)
    wrong = [line for line in done.stdout.splitlines()
             if ": " in line and "predicted after" not in line and not line.startswith("lab ")]
    return None if done.returncode in (0, 1) and not wrong and " pairs " in done.stdout \
        else done.stdout + done.stderr


def check_hosts(tap, lab, file):
    file.write((REMOTE_VM, NEW_VM), (SPOKE_VM, SPOKE_VM.replace("30.4", "30.5")))
    told = reload_json(lab)
    names = {(row["kind"], row["name"]): (row["old"], row["new"]) for row in told["resources"]}
    tap.case("what came, went and changed is told",
             None if names.get(("virtualMachine", "new-vm"), (1, 1))[0] is None
             and names.get(("virtualMachine", "remote-vm"), (1, 1))[1] is None
             and "10.11.30.5" in (names.get(("virtualMachine", "spoke-vm"), (1, ""))[1] or "")
             else str(told["resources"]))
    hosts = sorted(host["name"] for host in lab.status()["hosts"])
    tap.case("the lab has the hosts of the new file",
             None if "new-vm" in hosts and "remote-vm" not in hosts
             and sorted(spaces()) == sorted(f"ip-{NAME}-{host}" for host in hosts) else f"{hosts}")
    addresses = lab.on("spoke-vm", "ip", "-4", "addr").stdout
    tap.case("an address that changed is changed in the host",
             None if "10.11.30.5/26" in addresses and "10.11.30.4/" not in addresses else addresses)
    tap.case("the new host, and the one with a new address, are reached",
             None if reaches(lab, "new-vm", "10.11.30.5") and reaches(lab, "loc1-vm", "10.10.30.9")
             else "they are not")
    tap.case("every pair is as the new file predicts", not_as_predicted(lab))
    file.write()
    reload_json(lab)
    tap.case("and all of it can be undone",
             None if reaches(lab, "spoke-vm", "10.17.30.4") and len(spaces()) == 6 else str(spaces()))
    told = reload_json(lab)
    tap.case("a file without a change changes nothing",
             None if not any(told.get(key) for key in ("resources", "routes", "reachability", "paths"))
             else str(told))


def path(lab):
    return [hop["node"] for hop in
            labs.ask("lab", "trace", "loc1-vm", "hub-vm", "--name", lab.name)["hops"]]


def check_routes(tap, lab, file):
    before = path(lab)
    file.write(("192.168.30.18: {remoteAsn: 12076, localPreference: 200",
                "192.168.30.18: {remoteAsn: 12076, localPreference: 50"))
    told = reload_json(lab)
    tap.case("a preference changes the path", None if "er1-primary" in before and
             "er1-primary" not in path(lab) and told["paths"] else f"{before} {path(lab)}")
    file.write(("workload: 10.11.30.0/26", "workload: {addressPrefix: 10.11.30.0/26, routeTable: detour}"),
               ("virtualMachines:\n", ROUTE))
    there = reaches(lab, "spoke-vm", "10.2.30.10")
    told = reload_json(lab)
    gone = reaches(lab, "spoke-vm", "10.2.30.10")
    rows = [row for row in told["routes"] if row["node"] == "spoke-vm"]
    tap.case("a route by hand changes where packets go", None if there and not gone and rows
             else f"{there} {gone} {told['routes']}")
    shown = lab.verb("routes", "spoke-vm").stdout
    tap.case("`lab routes` shows it", None if "10.2.30.0/25" in shown and "User" in shown else shown)
    file.write()
    reload_json(lab)


def check_by_hand(tap, lab, file):
    """Faults, qualities, captures."""
    capture_path = file.path + ".pcap"
    lab.verb("cut-link", LINK)
    lab.verb("set", "hub-vpn--branch-vpn", "--delay", "9ms")
    lab.verb("down-link", "loc2-ce1--er2-primary", "--for", "3s")
    captures = [
        subprocess.Popen([labs.PROGRAM, "lab", "capture", link, "-w", capture_path + str(i),
                          "--name", lab.name])
        for i, link in enumerate(("hub-vpn--branch-vpn", "remote-vm--remote/workload"))
    ]
    time.sleep(0.3)
    lab.on("branch-vm", "ping", "-c", "3", "-i", "0.1", "10.10.30.4")
    file.write((REMOTE_VM, ""), ("    delay: 33.5ms\n", "    delay: 20ms\n"))
    told = reload_json(lab)
    links = {link["name"]: link for link in lab.status()["links"]}
    tap.case("what was done to links by hand stays",
             None if links[LINK]["state"] == "cut"
             and links["hub-vpn--branch-vpn"]["delayNs"] == 9000000
             and links["loc2-ce1--er2-primary"]["state"] == "down" else str(links[LINK]))
    tap.case("and is told",
             None if sorted(link["link"] for link in told["linksKept"]) ==
             sorted([LINK, "hub-vpn--branch-vpn", "loc2-ce1--er2-primary"]) else str(told["linksKept"]))
    tap.case("what the file alone says of a link is the new file's",
             None if links["remote-er--er1-primary"]["delayNs"] == 20000000 else str(links))
    ended = wait_until(lambda: captures[1].poll() is not None, 3)
    tap.case("the capture of a link that is gone ends well",
             None if ended and captures[1].returncode == 0 else f"{captures[1].poll()}")
    lab.on("branch-vm", "ping", "-c", "3", "-i", "0.1", "10.10.30.4")
    time.sleep(0.1)
    captures[0].send_signal(signal.SIGINT)
    captures[0].wait(5)
    with open(capture_path + "0", "rb") as pcap:
        bytes_ = pcap.read()
    stamps, esp, at = [], 0, 24
    while at + 16 <= len(bytes_):
        length = int.from_bytes(bytes_[at + 8:at + 12], "little")
        stamps.append(int.from_bytes(bytes_[at:at + 4], "little")
                      + int.from_bytes(bytes_[at + 4:at + 8], "little") / 1e9)
        esp += bytes_[at + 16 + 9] == 50
        at += 16 + length
    tap.case("the capture of a link that stays goes on, with the time of day",
             None if at == len(bytes_) and esp >= 12 and stamps == sorted(stamps)
             and all(abs(stamp - time.time()) < 30 for stamp in stamps) else f"{esp} {stamps}")
    back = wait_until(lambda: {link["name"]: link["state"] for link in lab.status()["links"]}
                      ["loc2-ce1--er2-primary"] == "up", 4)
    tap.case("a link that was to come back does", None if back else "it does not")
    lab.verb("up-link", LINK)
    file.write()
    reload_json(lab)
    state = [link for link in lab.status()["links"] if link["name"] == LINK]
    tap.case("what was ended by hand stays ended", None if state[0]["state"] == "up" else str(state))


def check_captures(tap, lab, file):
    """They go on with all that was asked of them, while links and nodes get other numbers."""
    cut = file.path + ".cut"

    def start(*words):
        return subprocess.Popen([labs.PROGRAM, "lab", "capture", *words, "--name", lab.name],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ping(count, address):
        lab.on("spoke-vm", "ping", "-c", str(count), "-i", "0.1", "-s", "1000", address)

    of_all = start("all", "--format", "text", "icmp")
    one_way = start("hub-vm--hub/workload", "--one-way", "hub-vm", "--format", "text")
    counted = start("spoke-vm--spoke/workload", "-c", "5", "--format", "text")
    snapped = start("hub-vm--hub/workload", "-s", "60", "-w", cut, "icmp[0] == 8")
    gone = start("remote-vm--remote/workload", "--format", "text")
    time.sleep(0.5)
    ping(1, "10.10.30.4")
    file.write((HUB_VM, NEW_VM + HUB_VM), (REMOTE_VM, ""))
    reload_json(lab)
    ping(2, "10.10.30.4")
    ping(1, "10.10.30.9")
    out, _ = counted.communicate(timeout=10)
    tap.case("a capture of so many packets has so many, before and after a reload",
             None if counted.returncode == 0 and len(out.splitlines()) == 5 else out)
    out, told = gone.communicate(timeout=10)
    tap.case("one of a link that is gone ends, and says so",
             None if gone.returncode == 0 and "no link remote-vm--remote/workload" in told else told)
    time.sleep(0.2)
    for capture in (of_all, one_way, snapped):
        capture.send_signal(signal.SIGINT)
    seen = {}
    out, told = of_all.communicate(timeout=10)
    for line in out.splitlines():
        key = tuple(line.split()[1:4:2])
        seen[key] = seen.get(key, 0) + 1
    new = [key for key in seen if key[0] == "new-vm--hub/workload"]
    shared = [key for key in seen if "hub-vm" in key[0] or "spoke-vm" in key[0]]
    tap.case("one of all links says by which packets went, whatever their numbers",
             None if len(new) == 2 and all(seen[key] == 1 for key in new)
             and sorted(seen[key] for key in shared) == [3, 3, 4, 4]
             and not any("?" in part for key in seen for part in key) else f"{seen} {told}")
    out, _ = one_way.communicate(timeout=10)
    tap.case("one of what one end sends has no more than that",
             None if len(out.splitlines()) == 3 and all("from hub-vm" in line for line in out.splitlines())
             else out)
    snapped.communicate(timeout=10)
    with open(cut, "rb") as pcap:
        bytes_ = pcap.read()
    records, at = [], 24
    while at + 16 <= len(bytes_):
        records.append((int.from_bytes(bytes_[at + 8:at + 12], "little"),
                        int.from_bytes(bytes_[at + 12:at + 16], "little")))
        at += 16 + records[-1][0]
    tap.case("a filter and a snap length still hold", None if records == [(60, 1028)] * 3 else str(records))
    file.write()
    reload_json(lab)


def check_flows(tap, lab, file):
    """A security group that lets nothing in: replies pass by the flow's state, which carries over."""
    guarded = (HUB_VM, HUB_VM.replace("30.4}", "30.4, networkSecurityGroup: guard}"))
    file.write(("virtualMachines:\n", GUARD), guarded)
    reload_json(lab)
    talk = Talk(lab, "hub-vm", "spoke-vm", "10.11.30.4")
    try:
        first = talk.ask()
        file.write(("virtualMachines:\n", GUARD), guarded, (REMOTE_VM, NEW_VM))
        reload_json(lab)
        tap.case("a flow that a security group has let out comes back after a reload",
                 None if first == "True" and talk.ask() == "True" else first)
        tap.case("while a new one is not let in",
                 "it is" if reaches(lab, "spoke-vm", "10.10.30.4") else None)
    finally:
        talk.end()
    file.write()
    reload_json(lab)


def check_names(tap, lab, file):
    """Namespaces whose names somebody deleted, or gave to another one, while hosts come and go."""
    for host in ("hub-vm", "spoke-vm"):
        subprocess.run(["ip", "netns", "delete", f"ip-{NAME}-{host}"], check=True)
    subprocess.run(["ip", "netns", "add", f"ip-{NAME}-spoke-vm"], check=True)
    tap.case("hosts whose names were deleted or taken are verified", not_as_predicted(lab))
    file.write((REMOTE_VM, NEW_VM))
    reload_json(lab)
    tap.case("and after a reload, with a host that is new", not_as_predicted(lab))
    tap.case("what runs in them is the same", None if "10.11.30.4" in lab.on("spoke-vm", "ip", "addr").stdout
             else "it is not")
    file.write((SPOKE_VM, ""))
    reload_json(lab)
    file.write()
    done = reload(lab)
    tap.case("a host that went and came again is made anew, and so is its name",
             done.stderr if done.returncode or f"ip-{NAME}-spoke-vm" not in spaces()
             else not_as_predicted(lab))
    file.write((HUB_VM, ""), ("  spoke-vm:", "  other-vm:"))
    reload_json(lab)
    file.write()
    reload_json(lab)
    tap.case("in the end every host has a name again", None if len(spaces()) == 6 and not any(
        host.get("nameDeleted") for host in lab.status()["hosts"]) else str(lab.status()["hosts"]))
    tap.case("and is as predicted", not_as_predicted(lab))


def check_mistakes(tap, lab, file):
    pid = lab.status()["pid"]
    file.write((HUB_VM, HUB_VM.replace("hub/work", "hob/work")), (SPOKE_VM, SPOKE_VM.replace("11.30", "99.30")))
    done = reload(lab)
    checked = labs.run("check", lab.file)
    tap.case("of a file with mistakes all are told, as `check` does",
             None if done.returncode == checked.returncode == 2 and done.stderr == checked.stderr
             and done.stderr.count("error:") == 2 else done.stderr)
    tap.case("and nothing has happened",
             None if lab.status()["pid"] == pid and reaches(lab, "spoke-vm", "10.10.30.4") else "it has")
    done = lab.verb("reload", lab.file + "-missing")
    tap.case("a file that is not there", None if done.returncode == 2 and "missing" in done.stderr
             else done.stderr)
    file.write((REMOTE_VM, NEW_VM), (SPOKE_VM, SPOKE_VM.replace("30.4", "30.5")))
    taken = f"ip-{NAME}-new-vm"
    subprocess.run(["ip", "netns", "add", taken], check=True)
    done = reload(lab)
    there = spaces()
    tap.case("a namespace of somebody else's is left alone, and the lab as it was",
             None if done.returncode == 3 and "somebody else" in done.stderr and taken in there
             and lab.status()["pid"] == pid and reaches(lab, "hub-vm", "10.11.30.4") else done.stderr)
    subprocess.run(["ip", "netns", "delete", taken], check=True)
    tap.case("nothing is left of it", None if len(spaces()) == 6
             and sorted(os.listdir(f"{STATE}/{NAME}")) ==
             ["control", "lock", "pid", "spaces", "topology.yaml"] else f"{spaces()}")
    words = [labs.PROGRAM, "lab", "reload", lab.file, "--name", lab.name]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    ends = [process.communicate(timeout=20)[1] + str(process.returncode) for process in both]
    tap.case("of two at once at least one is done, and none does harm",
             None if "0" in ends and reaches(lab, "hub-vm", "10.11.30.5") else str(ends))


def check_disk(tap, lab, file):
    """No room for the new state."""
    pid = lab.status()["pid"]
    file.write((REMOTE_VM, NEW_VM))
    done = subprocess.run(["prlimit", "--fsize=512", labs.PROGRAM, "lab", "reload", lab.file, "--name",
                           lab.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    tap.case("when the state can't be written the lab goes on as it was",
             None if done.returncode == 3 and lab.status()["pid"] == pid and len(spaces()) == 6
             and "goes on as it was" in done.stderr else f"{done.returncode} {done.stderr} {spaces()}")


def takers_over(name, carrier, command):
    """Processes of a reload under way that carry, or are to carry, the packets: not the lab's own, nor
    any that watches one; nor the command's children, of which LeakSanitizer's is waited for in vain."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if words[1:3] == [b"lab", b"reload"] and name.encode() in words:
            parents[int(pid)] = parent
    return [pid for pid, parent in parents.items()
            if parent in parents and parent != command and pid != carrier]


def spaces_of(name):
    return [space for space in os.listdir(SPACES) if space.startswith(f"ip-{name}-")]


def kill_reload(lab, delay, command):
    """A reload whose command, or the process that is to take over, is killed at some moment. Whether
    the lab ended with it; then it is up again."""
    reloading = subprocess.Popen(
        [labs.PROGRAM, "lab", "reload", lab.file, "--name", lab.name],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(delay)
    killed = [reloading.pid] if command else takers_over(lab.name, lab.status()["pid"], reloading.pid)
    for pid in killed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    reloading.wait()
    if not labs.run("lab", "status", "--name", lab.name).returncode:
        return False
    # Killed when it had just taken over: then it was the lab.
    print("# killed once it had taken over")
    if not wait_until(lambda: not spaces_of(lab.name)):
        raise RuntimeError(f"left behind: {spaces_of(lab.name)}")
    done = labs.run("lab", "up", lab.file, "--name", lab.name)
    if done.returncode:
        raise RuntimeError(f"not up again: {done.stderr}")
    return True


def check_kills(tap, lab, file, chance):
    """The command, or the process that is to take over, killed at any moment: the lab is the old one
    or the new one, as a whole."""
    problems = []
    for i in range(KILLS):
        extra = i % 2 == 0
        file.write(*([(REMOTE_VM, REMOTE_VM + NEW_VM)] if extra else []))
        kill_reload(lab, chance.random() * 0.05, i % 4 < 2)
        time.sleep(0.3)
        hosts = len(lab.status()["hosts"])
        if hosts not in (6, 7) or not reaches(lab, "spoke-vm", "10.10.30.4"):
            problems.append(f"{i}: {hosts} hosts")
        if labs.run("lab", "routes", "hub-vm", "--name", lab.name).returncode:
            problems.append(f"{i}: no routes")
    tap.case(f"a reload killed {KILLS} times leaves the lab whole", "\n".join(problems))
    file.write()
    reload_json(lab)
    tap.case("and the next reload puts all in order", None if len(spaces()) == 6 else str(spaces()))


def main():
    labs.need("ping", "iperf3", "ip", "ss", "python3")
    tap = labs.Tap()
    chance = random.Random(SEED)
    print(f"# SEED={SEED}")
    with tempfile.TemporaryDirectory() as folder:
        file = File(folder)
        with labs.Lab(file.path, NAME) as lab:
            check_traffic(tap, lab, file)
            check_hosts(tap, lab, file)
            check_routes(tap, lab, file)
            check_by_hand(tap, lab, file)
            check_captures(tap, lab, file)
            check_flows(tap, lab, file)
            check_names(tap, lab, file)
            check_mistakes(tap, lab, file)
            file.write()
            reload_json(lab)
            check_disk(tap, lab, file)
            check_kills(tap, lab, file, chance)
    left = list(spaces()) + [name for name in os.listdir(STATE) if name.split(".")[0] == NAME]
    tap.case("lab down leaves nothing", left)
    tap.end()


if __name__ == "__main__":
    main()
