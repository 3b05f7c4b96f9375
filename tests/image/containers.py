"""Containers of the image by crun, in the network of whoever starts them."""
import copy
import json
import os
import shutil
import subprocess
import time

CRUN = ["crun", "--cgroup-manager=disabled"]
CAPABILITIES = ("bounding", "effective", "inheritable", "permitted", "ambient")
# What docker leaves root in a container of which nothing is said.
USUAL = ["CAP_" + name for name in (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
    "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT")]


class Image:
    """An unpacked OCI image: what umoci makes of the layout."""

    def __init__(self, layout, folder):
        subprocess.run(["umoci", "unpack", "--image", layout + ":latest", folder],
                       check=True, capture_output=True)
        self.root = os.path.join(folder, "rootfs")
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            self.config = json.load(file)
        self.entrypoint = self.read_entrypoint(layout)

    @staticmethod
    def read_entrypoint(layout):
        """What stands before any command."""
        def read(name):
            with open(os.path.join(layout, name), encoding="utf-8") as file:
                return json.load(file)

        def blob(descriptor):
            return read("blobs/" + descriptor["digest"].replace(":", "/"))
        manifest = blob(read("index.json")["manifests"][0])
        return blob(manifest["config"])["config"].get("Entrypoint") or []

    def command(self):
        return self.config["process"]["args"]

    def user(self):
        return self.config["process"]["user"]

    def has(self, path):
        return os.path.exists(os.path.join(self.root, path.lstrip("/")))

    def which(self, program):
        path = dict(line.split("=", 1) for line in self.config["process"]["env"])["PATH"]
        return any(self.has(os.path.join(folder, program)) for folder in path.split(":"))


class Container:
    """One container; mounts are (path outside, path inside, read-only or not)."""

    def __init__(self, image, folder, name, command=None, environment=(), mounts=(), closed=False):
        self.name = name
        self.folder = os.path.join(folder, name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        config = copy.deepcopy(image.config)
        config["root"] = {"path": image.root, "readonly": closed}
        process = config["process"]
        self.user = "%(uid)d:%(gid)d" % process["user"]
        process["terminal"] = False
        process.pop("rlimits", None)
        if command:
            process["args"] = image.entrypoint + command
        process["env"] += ["%s=%s" % pair for pair in dict(environment).items()]
        process["noNewPrivileges"] = closed
        process["capabilities"] = {name: [] if closed or name in ("inheritable", "ambient") else USUAL
                                   for name in CAPABILITIES}
        # the network is ours, and there are no cgroups without a manager of them
        config["linux"]["namespaces"] = [one for one in config["linux"]["namespaces"]
                                         if one["type"] != "network"]
        config["linux"].pop("resources", None)
        config["mounts"] = [one for one in config["mounts"]
                            if not one["destination"].startswith("/sys")]
        config["mounts"] += [{"destination": inside, "source": outside, "type": "bind",
                              "options": ["rbind", "ro" if readonly else "rw"]}
                             for outside, inside, readonly in mounts]
        with open(os.path.join(self.folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.popen = None

    def start(self):
        with open(self.folder + "/out", "wb") as out, open(self.folder + "/err", "wb") as err:
            self.popen = subprocess.Popen([*CRUN, "run", "--bundle", self.folder, self.name],
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        return self

    def run(self, timeout=60):
        """(exit status, standard output, standard error) of a container that ends by itself."""
        self.start()
        status = self.popen.wait(timeout)
        return status, self.output("out"), self.output("err")

    def output(self, name="err"):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def execute(self, *command):
        # as docker does it: as the user of the image
        return subprocess.run([*CRUN, "exec", "--user", self.user, self.name, *command],
                              capture_output=True, text=True, timeout=60)

    def wait_until(self, true, seconds=60):
        deadline = time.monotonic() + seconds
        while not true():
            if self.popen.poll() is not None:
                raise AssertionError("%s ended with %d: %s" % (
                    self.name, self.popen.returncode, self.output()))
            if time.monotonic() > deadline:
                raise AssertionError("%s: not in time: %s" % (self.name, self.output()))
            time.sleep(0.05)

    def signal(self, name):
        subprocess.run([*CRUN, "kill", self.name, name], check=True, capture_output=True)

    def stop(self, signal="TERM", timeout=60):
        self.signal(signal)
        return self.popen.wait(timeout)

    def kill(self):
        if self.popen is not None and self.popen.poll() is None:
            subprocess.run([*CRUN, "delete", "--force", self.name],
                           capture_output=True, check=False)
            self.popen.kill()
            self.popen.wait()
