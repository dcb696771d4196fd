"""What the container files say, followed without a container engine.

Rule 1: a path of a container stands under a folder of ours, its `root`. COPY and mounts fill it; RUN lines and the command
        are run with every such path replaced. Both stages share one root, as only an environment goes from one to the other.
Rule 2: nothing is left out in silence: an instruction that is not known here is an error.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

PROJECT = Path(__file__).parents[2]
INSTRUCTIONS = {
    *("FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
}
FOLDERS = ("/opt/", "/var/lib/", "/etc/")  # of the container; what else is absolute in a command is the machine's


class Instruction(NamedTuple):
    """A line of a Dockerfile: its word, and the rest."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """Its arguments without options, of the exec form or the plain one."""
        return [word for word in shlex.split(self.rest) if not word.startswith("--")]

    @property
    def listed(self) -> list[str]:
        """The exec form; an error if it is not."""
        words = json.loads(self.rest[self.rest.index("[") :])
        assert isinstance(words, list)
        return [str(word) for word in words]


def dockerfile() -> list[Instruction]:
    """The instructions of the Dockerfile in order."""
    text = re.sub(r"^#.*\n", "", (PROJECT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    read = [Instruction(*line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]
    assert {instruction.name for instruction in read} <= INSTRUCTIONS
    return read


def the(name: str) -> Instruction:
    """The only instruction of a name."""
    (found,) = [instruction for instruction in dockerfile() if instruction.name == name]
    return found


class Mount(NamedTuple):
    """A `volumes` entry of a service: a path of the project or a volume's name, where it goes, and whether it may be written."""

    source: str
    target: str
    writable: bool

    @property
    def is_volume(self) -> bool:
        """Whether the engine keeps it, not the project."""
        return not self.source.startswith(".")


class Service(NamedTuple):
    """A service of compose.yaml."""

    name: str
    fields: Mapping[str, object]

    @property
    def image(self) -> str:
        """Its image and tag."""
        return str(self.fields["image"])

    @property
    def mounts(self) -> list[Mount]:
        """Its volumes and bind mounts."""
        return [
            Mount(source, target, "ro" not in flags)
            for source, target, *flags in (entry.split(":") for entry in self.entries("volumes"))
        ]

    @property
    def ports(self) -> list[tuple[str, int, int]]:
        """The address and port outside, and the port inside."""
        return [
            (host, int(outside), int(inside)) for host, outside, inside in (entry.split(":") for entry in self.entries("ports"))
        ]

    def entries(self, field: str) -> list[str]:
        """A field that is a list."""
        values = self.fields.get(field, [])
        assert isinstance(values, list)
        return [str(value) for value in values]


def services() -> dict[str, Service]:
    """The services of compose.yaml by name."""
    document = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    return {name: Service(name, fields) for name, fields in document["services"].items()}


class Root:
    """A folder that stands for the file system of a container."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, text: str) -> Path:
        """Where a path of the container lies."""
        return self.folder / text.lstrip("/")

    def inside(self, command: str) -> str:
        """A command with the container's own paths replaced."""
        folders = "|".join(FOLDERS)
        return re.sub(rf"(?<![\w/.])(?={folders})", str(self.folder), command)

    def mount(self, service: Service) -> None:
        """Copy to where they are mounted the project's files; volumes are empty folders."""
        for mount in service.mounts:
            target = self.path(mount.target)
            if mount.is_volume:
                target.mkdir(parents=True)
            elif (PROJECT / mount.source).is_dir():
                shutil.copytree(PROJECT / mount.source, target, dirs_exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / mount.source, target)

    def build(self) -> None:
        """Follow the Dockerfile to its end."""
        cwd = self.folder
        for name, rest in dockerfile():
            words = Instruction(name, rest).words
            if name == "WORKDIR":
                cwd = self.path(words[0])
                cwd.mkdir(parents=True)
            elif name == "COPY" and "--from=" in rest:
                assert words[0] == words[1], "an environment stays at its path"
            elif name == "COPY":
                for source in words[:-1]:
                    _copy(source, cwd / words[-1])
            elif name == "RUN":
                self._run(rest, cwd)

    def environment(self) -> dict[str, str]:
        """Ours, and the Dockerfile's ENV before it; modules come from the new environment alone."""
        name, value = the("ENV").rest.split("=", 1)
        return {**os.environ, "PYTHONPATH": "", name: os.path.expandvars(self.inside(value))}

    def _run(self, command: str, cwd: Path) -> None:
        own = re.sub(r" -[og] \d+", "", self.inside(command))  # only root may give a folder away
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        env = {**os.environ, "PYTHONPATH": "", "PATH": path}
        done = subprocess.run(own, shell=True, cwd=cwd, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{own}\n{done.stdout}{done.stderr}"


def _copy(source: str, target: Path) -> None:
    """As COPY does: a folder's content goes into the target, a file into the folder or to the name."""
    if (PROJECT / source).is_dir():
        shutil.copytree(PROJECT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(PROJECT / source, target)
