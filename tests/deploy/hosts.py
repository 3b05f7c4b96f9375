"""Machines for deploy/try: containers of real systemd on a bridge, and a mirror of packages.

The base and the mirror are made with this machine's network; all the rest runs inside
the namespaces that deploy/try makes, and ends with them.
"""

import glob
import os
import re
import shutil
import subprocess
import threading
import time

UNTIMED = ["-o", 'Acquire::Check-Valid-Until=false', "-o", "Acquire::Check-Date=false"]
# What the base has; everything else comes from the mirror. debian is a user as a
# cloud image has one: it may use sudo without a password.
BASE_PACKAGES = ["systemd", "systemd-sysv", "openssh-server", "python3", "python3-apt", "sudo", "iproute2",
                 "procps"]
OWN_PACKAGES = ["libswm0", "swm-fcgi", "swm-sql", "swm-web"]
MIRROR_PACKAGES = ["postgresql-15", "openssl", "nftables", "nginx"]


class Failure(Exception):
    pass


def run(*command, check=True, **options):
    """A command's output, both streams; a Failure when it fails."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=options.pop("stdin", subprocess.DEVNULL if "input" not in options else None),
                          text=True, errors="replace", timeout=options.pop("timeout", 300), **options)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))[:200]}: status {done.returncode}: {done.stdout.strip()[-2000:]}")
    return done.stdout


def wait_until(what, condition, seconds=30):
    """Waits for a condition, asking it often; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


### The base

def debian_sources():
    """The sources of Debian's own packages that this machine has, as lines of sources.list(5)."""
    lines = run("apt-get", "indextargets", "--format", "$(ORIGIN)|$(RELEASE)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
                "Identifier: Packages").splitlines()
    found = sorted({line.split("|")[2] for line in lines if re.match(r"Debian\|bookworm", line)})
    if not found:
        raise Failure("apt has no source of Debian 12's packages here; run apt-get update")
    return found


def make_base(folder, work):
    sources = os.path.join(work, "sources.list")
    write(sources, "".join(line + "\n" for line in debian_sources()))
    # in the chroot alone: mmdebstrap itself would start a Python filter for each package
    trim = "printf 'path-exclude=/usr/share/%s/*\\n' doc man locale info >\"$1/etc/dpkg/dpkg.cfg.d/trim\""
    run("mmdebstrap", "--mode=root", "--variant=apt", f"--essential-hook={trim}", "--dpkgopt=force-unsafe-io",
        '--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=Acquire::Check-Date "false"',
        "--include=" + ",".join(BASE_PACKAGES),
        '--customize-hook=chroot "$1" useradd --create-home --shell /bin/bash debian',
        "bookworm", folder, sources, timeout=900, env={**os.environ, "TMPDIR": work})
    write(f"{folder}/etc/sudoers.d/debian", "debian ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    for key in glob.glob(f"{folder}/etc/ssh/ssh_host_*"):
        os.unlink(key)


### The mirror

def fetch_packages(base, folder, files):
    """What the base lacks of MIRROR_PACKAGES, of packages in files, and of all that they depend on; by this machine's apt."""
    os.makedirs(f"{folder}/partial")
    run("apt-get", "-q", "-y", *UNTIMED, "-o", f"Dir::State::status={base}/var/lib/dpkg/status",
        "-o", f"Dir::Cache::archives={folder}", "-o", "Debug::NoLocking=1", "-o", "APT::Install-Recommends=false",
        "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::preferences=-", "-o", "Dir::Etc::preferencesparts=-",
        "--download-only", "install", *MIRROR_PACKAGES, *files)
    shutil.rmtree(f"{folder}/partial")


def make_mirror(folder, base, packages, work):
    """A signed mirror of what the machines need and the project's packages; the public key's file."""
    index = f"{folder}/dists/bookworm/main/binary-{run('dpkg', '--print-architecture').strip()}"
    os.makedirs(index)
    files = [file for name in OWN_PACKAGES for file in glob.glob(f"{packages}/{name}_*.deb")]
    if len(files) != len(OWN_PACKAGES):
        raise Failure(f"{packages} must have one version of each package: {files}")
    fetch_packages(base, f"{folder}/pool", files)
    for file in files:
        shutil.copy(file, f"{folder}/pool")
    write(f"{index}/Packages", run("apt-ftparchive", "packages", "pool", cwd=folder))
    settings = [word for name, value in (("Suite", "bookworm"), ("Codename", "bookworm"), ("Components", "main"),
                                         ("Architectures", os.path.basename(index)[len("binary-"):]))
                for word in ("-o", f"APT::FTPArchive::Release::{name}={value}")]
    release = f"{folder}/dists/bookworm/Release"
    write(release, run("apt-ftparchive", *settings, "release", f"{folder}/dists/bookworm"))
    home = f"{work}/gnupg"
    os.makedirs(home, 0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    run(*gpg, "--quick-generate-key", "mirror of deploy/try", "ed25519", "sign", "never")
    run(*gpg, "--output", f"{folder}/dists/bookworm/InRelease", "--clearsign", release)
    os.unlink(release)
    run(*gpg, "--armor", "--output", f"{work}/mirror.asc", "--export")
    return f"{work}/mirror.asc"


def newer_packages(pool, folder, suffix):
    """The project's packages once more, with a higher version."""
    os.makedirs(folder)
    for name in OWN_PACKAGES:
        for file in glob.glob(f"{pool}/{name}_*.deb"):
            root = f"{folder}/{name}"
            run("dpkg-deb", "--raw-extract", file, root)
            run("sed", "-i", f"s/^Version: .*/&{suffix}/", f"{root}/DEBIAN/control")
            run("dpkg-deb", "--root-owner-group", "-Znone", "--build", root, f"{folder}/{name}_newer.deb")
            shutil.rmtree(root)


def serve(folder, address, log):
    """A small web server on the bridge's own address."""
    subprocess.Popen(["/usr/bin/python3", "-m", "http.server", "--bind", address, "--directory", folder, "80"],
                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    wait_until("the mirror answers", lambda: subprocess.run(
        ["curl", "-sf", "-o", "/dev/null", f"http://{address}/dists/bookworm/InRelease"], check=False).returncode == 0)


### The network

def make_bridge(address):
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "name", "bridge", "type", "bridge")
    run("ip", "address", "add", f"{address}/24", "dev", "bridge")
    run("ip", "link", "set", "bridge", "up")


def make_namespace(name, address):
    run("ip", "netns", "add", name)
    plug_in(name, address)


def plug_in(name, address):
    run("ip", "link", "add", "name", f"v-{name}", "type", "veth", "peer", "name", "host0", "netns", name)
    run("ip", "link", "set", f"v-{name}", "master", "bridge", "up")
    for words in (["address", "add", f"{address}/24", "dev", "host0"], ["link", "set", "host0", "up"],
                  ["link", "set", "lo", "up"]):
        run("ip", "-n", name, *words)


class Host:
    """A machine. It starts again by itself after a reboot, as a machine does, and not after off()."""

    def __init__(self, name, address, base, work, cgroup):
        self.name, self.address, self.cgroup = name, address, cgroup
        self.root = f"{work}/hosts/{name}/root"
        self.log = f"{work}/hosts/{name}/console"
        self.process, self.leader, self.wanted = None, None, False
        for folder in ("root", "upper", "work"):
            os.makedirs(f"{work}/hosts/{name}/{folder}")
        where = f"{work}/hosts/{name}"
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={base},upperdir={where}/upper,workdir={where}/work", self.root)
        write(f"{self.root}/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {name}\n")
        write(f"{self.root}/etc/hostname", name + "\n")
        write(f"{self.root}/etc/apt/apt.conf.d/90untimed",
              'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\nDPkg::Options { "--force-unsafe-io"; };\n')
        # the mirror becomes the only source; until then these point at nothing that can be reached
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.root}/etc/ssh/ssh_host_ed25519_key")
        make_namespace(name, address)

    def allow(self, public_key):
        for home, owner in (("/root", "root"), ("/home/debian", "debian")):
            write(f"{self.root}{home}/.ssh/authorized_keys", public_key, 0o600)
            run("chroot", self.root, "chown", "-R", f"{owner}:{owner}", f"{home}/.ssh")

    def known_host(self):
        with open(f"{self.root}/etc/ssh/ssh_host_ed25519_key.pub", encoding="utf-8") as file:
            return f"{self.address} {' '.join(file.read().split()[:2])}\n"

    def enter_cgroup(self):
        """In the new process: a cgroup of its own in each hierarchy that systemd uses."""
        for top in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
            if os.path.exists(f"{top}/cgroup.procs"):
                folder = f"{top}/{self.cgroup}/{self.name}"
                os.makedirs(folder, exist_ok=True)
                with open(f"{folder}/cgroup.procs", "w", encoding="ascii") as file:
                    file.write("0")

    def start(self):
        self.wanted = True
        threading.Thread(target=self.keep, daemon=True).start()
        self.wait()

    def keep(self):
        while self.wanted:
            # a machine that starts has no rules yet
            run("ip", "netns", "exec", self.name, "nft", "flush", "ruleset")
            with open(self.log, "a", encoding="utf-8") as log:
                self.process = subprocess.Popen(
                    ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", self.root,
                     f"--machine={self.name}", f"--hostname={self.name}",
                     f"--network-namespace-path=/run/netns/{self.name}", "--capability=CAP_NET_ADMIN",
                     "--resolv-conf=off", "--timezone=off", "--console=pipe", "-b"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.enter_cgroup,
                    # the settings of its own network are its own, as on a machine
                    env={**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"})
            self.process.wait()

    def find_leader(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
                children = file.read().split()
            return int(children[0]) if children else None
        except (OSError, AttributeError):
            return None

    def wait(self, other_than=None):
        """Until it has booted; not as it was before a reboot, other_than being its leader then."""
        def up():
            leader = self.find_leader()
            if leader is None or leader == other_than:
                return False
            self.leader = leader
            return self("systemctl", "is-system-running", check=False).strip() in ("running", "degraded")
        wait_until(f"{self.name} boots", up, 60)
        failed = self("systemctl", "--failed", "--plain", "--no-legend", check=False).strip()
        if failed:
            raise Failure(f"units of {self.name} failed: {failed}")

    def reboot(self):
        before = self.leader
        self("systemctl", "reboot", check=False)
        self.wait(other_than=before)

    def die(self):
        """As if somebody had pulled both plugs: nothing is said to anybody."""
        self.wanted = False
        run("ip", "link", "set", f"v-{self.name}", "down")
        os.kill(self.leader, 9)
        self.process.wait()

    def revive(self):
        run("ip", "link", "set", f"v-{self.name}", "up")
        self.start()

    def __call__(self, *command, **options):
        """Runs a command inside."""
        return run("nsenter", "-t", self.leader, "-a", *command, **options)

    def shell(self, text, **options):
        return self("sh", "-c", text, **options)
