"""What the end-to-end benchmarks share: a folder, sluice-lab and sluiced on free ports, and an orderly end."""
import glob
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

CONF = """
drop_dir = "drop"; accepted_dir = "accepted"; failed_dir = "failed"; out_dir = "out"; spool_dir = "spool";
list_db = "lists.db"; template_dir = "{templates}"; control_socket = "control.sock"; log_file = "sluiced.log";
ehlo_name = "bench.sluice.example"; max_connections = {connections}; prohibited_hosts = ();
dns = {{ servers = "127.0.0.1:{dns}"; }};
defaults = {{ connection_limit = {connections}; max_connection_rate = "100000/s"; max_message_rate = "1000000/s";
             max_deliveries_per_connection = 1000; smtp_port = {smtp}; retry_interval = "5 s";
             ramp_up = "0 s"; }};
"""


def wait_for(what, done, seconds=60.0, step=0.02):
    """Polls; the bound is for a broken run, not for a slow machine."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = done()
        if value:
            return value
        time.sleep(step)
    sys.exit(f"bench: waited {seconds:.0f} s for {what}")


class World:
    def __init__(self, bin_dir, source, scenario="fast.conf", connections=50):
        self.bin, self.source, self.connections = bin_dir, source, connections
        self.dir = tempfile.mkdtemp(prefix="sluice-bench-", dir=os.environ.get("SLUICE_BENCH_DIR"))
        self.scenario = os.path.join(source, "tools/lab/scenarios", scenario)
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in reversed(self.processes):
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(30)
                except subprocess.TimeoutExpired:
                    p.kill()
        if not os.environ.get("SLUICE_BENCH_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def program(self, name):
        return os.path.join(self.bin, name)

    def start(self, args, log):
        with open(self.path(log), "ab") as out:
            p = subprocess.Popen(args, stdout=out, stderr=out, cwd=self.dir)
        self.processes.append(p)
        return p

    def start_lab(self, *more):
        ready = self.path("lab.ready")
        self.lab = self.start([self.program("sluice-lab"), "-c", self.scenario, "--listen-dns", "127.0.0.1:0", "--smtp-port",
                               "0", "--ready-file", ready, "--control", self.path("lab.sock"), *more], "lab.err")
        wait_for("sluice-lab", lambda: os.path.exists(ready) and os.path.getsize(ready) > 0)
        with open(ready, encoding="ascii") as f:
            self.ports = dict(line.strip().split("=", 1) for line in f if "=" in line)

    def write_conf(self, templates):
        os.mkdir(self.path("drop"))
        with open(self.path("sluice.conf"), "w", encoding="utf-8") as f:
            f.write(CONF.format(templates=templates, connections=self.connections, dns=self.ports["dns"], smtp=self.ports["smtp"]))

    def start_daemon(self):
        self.daemon = self.start([self.program("sluiced"), "-c", self.path("sluice.conf")], "sluiced.err")
        wait_for("sluiced", lambda: os.path.exists(self.path("control.sock")))

    def make_list(self, count, name="list.csv", seed=1):
        subprocess.run([self.program("sluice-lab"), "make-list", "--count", str(count), "--seed", str(seed), self.scenario,
                        self.path(name)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self.path(name)

    def drop(self, name, text, *files):
        """The list first, the job last, each by rename: as upstream must do it."""
        for f in files:
            os.rename(f, self.path("drop", os.path.basename(f)))
        with open(self.path("drop", "." + name), "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(self.path("drop", "." + name), self.path("drop", name))

    def ctl(self, *args):
        return subprocess.run([self.program("sluice-lab"), "ctl", self.path("lab.sock"), *args], check=True,
                              capture_output=True, text=True).stdout

    def lab_accepted(self):
        return json.loads(self.ctl("stats", "--json"))["messages"]

    def lab_dump(self, name):
        """The receivers' own record: recipient -> (accepted, first, last attempt in ms)."""
        self.ctl("dump", self.path(name))
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            head = f.readline().rstrip("\n").split("\t")
            for line in f:
                yield dict(zip(head, line.rstrip("\n").split("\t")))

    def status(self, job):
        p = subprocess.run([self.program("sluice"), "-c", self.path("sluice.conf"), "status", job, "--json"],
                           capture_output=True, text=True)
        return json.loads(p.stdout)["jobs"][0] if p.returncode == 0 else None


def cpu_seconds(process):
    """User and system time of a running process."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick


def peak_megabytes(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release()}"


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n", 1)[0].strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def versions(world):
    """Of what the figures belong to."""
    commit = first_line("git", "-C", world.source, "describe", "--always", "--dirty")
    named = [first_line(world.program("sluiced"), "--version") + (f" ({commit})" if commit else "")]
    for package in ("libesmtp6", "libsqlite3-0", "libssl3"):
        named.append(f"{package} {first_line('dpkg-query', '-W', '-f', '${Version}', package) or '?'}")
    deb = glob.glob(os.path.join(cache_dir(), "postfix_*.deb"))
    named += [os.path.basename(d).rsplit("_", 1)[0].replace("_", " ").replace("%3a", ":") for d in deb[-1:]]
    return ", ".join(named)


def cache_dir():
    return os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "sluice-bench")


def unpacked_postfix():
    """smtp-source from Debian's postfix package, unpacked into a cache folder, never installed."""
    cache = cache_dir()
    binary = os.path.join(cache, "postfix/usr/sbin/smtp-source")
    if not os.path.exists(binary):
        os.makedirs(cache, exist_ok=True)
        subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", "postfix"], cwd=cache, check=True)
        deb = sorted(glob.glob(os.path.join(cache, "postfix_*.deb")))[-1]
        subprocess.run(["dpkg", "-x", deb, os.path.join(cache, "postfix")], check=True)
    return binary, os.path.join(cache, "postfix/usr/lib/postfix")


def table(rows):
    """Rows of texts, the first column to the left, the others to the right."""
    width = [max(len(str(r[i])) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        print("  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(r, width))))


__all__ = ["World", "wait_for", "cpu_seconds", "peak_megabytes", "machine", "versions", "unpacked_postfix", "table"]
