"""wheels.py ARCHIVES WHEELS - makes wheels from the Debian packages in ARCHIVES.

Runs inside the image, whose Python the wheels are for.  A wheel (PEP 427) is a zip
of a package's modules and a folder NAME-VERSION.dist-info.  Debian's packages lack
part of what that folder tells, so it is written anew: name and version from the
package, what it requires from the packages that it depends on, its commands from
entry_points.txt.  Compiled modules keep to the C libraries of the image, hence the
tag linux_ARCH and not manylinux.
"""
import base64
import glob
import hashlib
import io
import os
import posixpath
import re
import subprocess
import sys
import tarfile
import time
import zipfile

MODULES = "./usr/lib/python3/dist-packages/"
INFO = re.compile(r"([^/]+)-[^/-]+\.(?:egg|dist)-info(?:/(.*))?$")
LEFT_OUT = re.compile(r"(^|/)(tests|__pycache__)/")  # a program that only imports needs none


def dpkg_deb(*args):
    return subprocess.check_output(["dpkg-deb", *args])


def files_of(deb):
    """Path -> its bytes, or for a symbolic link (a str) where it leads."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(dpkg_deb("--fsys-tarfile", deb))) as archive:
        for entry in archive:
            if entry.issym():
                files[entry.name] = entry.linkname
            elif entry.isfile():
                files[entry.name] = archive.extractfile(entry).read()
    return files


def follow(path, everything):
    """The file's bytes, in whichever package it is; a wheel has no links."""
    while isinstance(everything.get(path), str):
        path = "./" + posixpath.normpath(posixpath.join(posixpath.dirname(path), everything[path]))
    return everything.get(path)


class Package:
    def __init__(self, deb):
        about = dpkg_deb("-f", deb).decode()
        field = dict(re.findall(r"^(Package|Version|Depends): (.*)", about, re.M))
        # 1:1.19.5-1+deb11u1 and 1.1.5+dfsg-2 are 1.19.5 and 1.1.5 to Python.
        self.version = re.sub(r"^\d+:|[-+].*$", "", field["Version"])
        self.depends = re.findall(r"\bpython3-[a-z0-9.-]+", field.get("Depends", ""))
        self.package = field["Package"]
        self.name = self.package[len("python3-"):]  # unless its own metadata know better
        self.files = files_of(deb)
        self.modules, self.info = {}, {}

    def sort_files(self, everything):
        """Into modules and metadata; the rest is Debian's alone."""
        for path in self.files:
            data = follow(path, everything)
            if path.endswith("/copyright"):
                self.info["LICENSE"] = data
            if not path.startswith(MODULES) or data is None:
                continue
            name = path[len(MODULES):]
            info = INFO.match(name)
            if info:
                self.name = info[1]
                if info[2] == "entry_points.txt":
                    self.info[info[2]] = data
            elif not LEFT_OUT.search(name):
                self.modules[name] = data

    def tag(self):
        if not any(name.endswith(".so") for name in self.modules):
            return "py3-none-any"
        python = "cp%d%d" % sys.version_info[:2]
        return "%s-%s-linux_%s" % (python, python, os.uname().machine)

    def wheel(self, into, requires):
        needs = "".join("Requires-Dist: %s\n" % r for r in requires)
        self.info["METADATA"] = ("Metadata-Version: 2.1\nName: %s\nVersion: %s\nSummary: of Debian's %s\n"
                                 % (self.name, self.version, self.package) + needs).encode()
        self.info["WHEEL"] = ("Wheel-Version: 1.0\nGenerator: drydock\nRoot-Is-Purelib: true\n"
                              "Tag: %s\n" % self.tag()).encode()
        folder = "%s-%s.dist-info" % (self.name, self.version)
        members = dict(self.modules, **{folder + "/" + n: d for n, d in self.info.items()})
        record = "".join("%s,sha256=%s,%d\n" % (name, digest(data), len(data))
                         for name, data in sorted(members.items()))
        members[folder + "/RECORD"] = (record + folder + "/RECORD,,\n").encode()
        path = "%s/%s-%s-%s.whl" % (into, self.name, self.version, self.tag())
        zip_write(path, members)


def digest(data):
    hashed = hashlib.sha256(data).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def zip_write(path, members):
    date = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in sorted(members.items()):
            entry = zipfile.ZipInfo(name, date)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


def main(archives, into):
    os.makedirs(into, exist_ok=True)
    found = [Package(deb) for deb in sorted(glob.glob(archives + "/python3-*.deb"))]
    packages = {p.package: p for p in found}
    for p in found:  # what is compiled of python3-X may lie in python3-X-lib
        if p.package.endswith("-lib"):
            packages[p.package[:-len("-lib")]].files.update(packages.pop(p.package).files)
    everything = {path: data for p in found for path, data in p.files.items()}
    for p in packages.values():
        p.sort_files(everything)
    for p in packages.values():
        p.wheel(into, sorted(packages[d].name for d in p.depends if d in packages))


main(*sys.argv[1:])
