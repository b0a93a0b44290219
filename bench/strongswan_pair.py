"""Two strongSwan hosts in namespaces, joined by a veth, with one tunnel in user space (kernel-libipsec).

Each charon has a network namespace, and a mount namespace in which /run is its own. Used by
vpn_stream.py.
"""

import os
import shutil
import subprocess
import tempfile
import time

CHARON = "/usr/lib/ipsec/charon"
PLUGIN = "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so"
WAIT_S = 20

STRONGSWAN_CONF = """
charon {
  load_modular = yes
  threads = 16
  plugins {
    include /etc/strongswan.d/charon/*.conf
    kernel-libipsec { load = yes }
    bypass-lan { load = no }
    farp { load = no }
    dhcp { load = no }
    resolve { load = no }
  }
}
"""

SWANCTL_CONF = """
connections {{
  pair {{
    version = 2
    local_addrs = {here}
    remote_addrs = {there}
    proposals = aes256gcm16-prfsha256-ecp256
    local {{ auth = psk
      id = {here} }}
    remote {{ auth = psk
      id = {there} }}
    children {{
      net {{
        local_ts = {inside_here}/32
        remote_ts = {inside_there}/32
        esp_proposals = aes256gcm16
        mode = tunnel
      }}
    }}
  }}
}}
secrets {{
  ike-pair {{ secret = "bench" }}
}}
"""

# In the mount namespace of its own: the daemon, then the configuration, then nothing until the end.
START = """
set -e
mount -t tmpfs tmpfs /run
export STRONGSWAN_CONF={folder}/strongswan.conf
{charon} >{folder}/{name}.log 2>&1 &
daemon=$!
trap 'kill -TERM $daemon 2>/dev/null' TERM
for i in $(seq 100); do [ -S /run/charon.vici ] && break; sleep 0.1; done
swanctl --load-all --file {folder}/{name}.conf >{folder}/{name}.load 2>&1
{initiate}
echo ready
wait $daemon || true
wait $daemon || true
"""


def missing():
    for path, what in ((CHARON, "strongSwan"), (PLUGIN, "strongSwan's kernel-libipsec")):
        if not os.path.exists(path):
            return f"{what} is not installed (tools/setup bench)"
    return None if shutil.which("swanctl") else "swanctl is not installed (tools/setup bench)"


class Pair:
    """Use as a context; a command runs on a host by `command`."""

    hosts = {
        "swan-a": {"here": "198.18.0.1", "there": "198.18.0.2",
                   "inside_here": "10.1.0.4", "inside_there": "10.2.0.4"},
        "swan-b": {"here": "198.18.0.2", "there": "198.18.0.1",
                   "inside_here": "10.2.0.4", "inside_there": "10.1.0.4"},
    }
    server, client, address = "swan-a", "swan-b", "10.1.0.4"

    def __init__(self):
        self.folder = None
        self.daemons = []

    @staticmethod
    def space(name):
        return f"interplane-bench-{name}"

    def command(self, name, *words):
        return ["ip", "netns", "exec", self.space(name), *words]

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="interplane-bench-")
        try:
            self.make_spaces()
            self.start("swan-a", "")
            self.start("swan-b", "swanctl --initiate --child net >{folder}/initiate 2>&1")
        except BaseException:
            self.__exit__()
            raise
        return self

    def make_spaces(self):
        a, b = (self.space(name) for name in self.hosts)
        lines = [f"netns add {a}", f"netns add {b}",
                 f"link add wire netns {a} type veth peer name wire netns {b}"]
        for name, addresses in self.hosts.items():
            space = self.space(name)
            lines += [f"-n {space} link set lo up", f"-n {space} link set wire up",
                      f"-n {space} address add {addresses['here']}/30 dev wire",
                      f"-n {space} address add {addresses['inside_here']}/32 dev lo"]
        for line in lines:
            subprocess.run(["ip", *line.split()], check=True)
        with open(f"{self.folder}/strongswan.conf", "w", encoding="ascii") as file:
            file.write(STRONGSWAN_CONF)

    def start(self, name, initiate):
        with open(f"{self.folder}/{name}.conf", "w", encoding="ascii") as file:
            file.write(SWANCTL_CONF.format(**self.hosts[name]))
        script = START.format(folder=self.folder, charon=CHARON, name=name,
                              initiate=initiate.format(folder=self.folder))
        daemon = subprocess.Popen(
            self.command(name, "unshare", "-m", "--propagation", "private", "sh", "-c", script),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.daemons.append(daemon)
        if daemon.stdout.readline().strip() != "ready":
            raise RuntimeError(f"strongSwan does not start: {self.logs()}")

    def logs(self):
        text = ""
        for entry in sorted(os.listdir(self.folder)):
            if entry.endswith((".log", ".load")) or entry == "initiate":
                with open(os.path.join(self.folder, entry), encoding="utf-8", errors="replace") as file:
                    text += file.read()[-1500:]
        return text

    def __exit__(self, *_):
        for daemon in self.daemons:
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=WAIT_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for name in self.hosts:
            subprocess.run(["ip", "netns", "delete", self.space(name)], stderr=subprocess.DEVNULL,
                           check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        time.sleep(0.1)
