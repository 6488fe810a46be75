"""The appliance in a root: Ansible's roles and the release, in namespaces of their own.

The root's ``/proc/sys`` is read-only and its network empty: what a role would load into a kernel it cannot load
into this machine's. Ansible's modules run by the Python of the tools, which is of this machine's kind: nothing
of theirs is emulated; what they call in the root is the root's own, but for nft.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bitgrid.ops.commands.slots import KEY
from bitgrid_image.base import clean
from bitgrid_image.kernel import Laid
from bitgrid_image.laying import FILES, lay
from bitgrid_image.layout import Machine
from bitgrid_image.model import put
from bitgrid_image.programs import MOUNTS, run
from bitgrid_image.stages import Stage
from bitgrid_image.tools import Tools

PROJECT = Path(__file__).parents[2]
ROLES = PROJECT / "ansible"
GROUND = PROJECT / "image" / "ansible"
PLAYBOOKS = ("playbooks/os_hardening.yml", "playbooks/app.yml", "playbooks/backup.yml")
RECIPE = 1
"""To be raised when what is done here changes."""
_NOT_TAKEN = ("ANSIBLE_", "PYTHON", "BITGRID_")
_PLACES = """
root=$1 tools=$2; shift 2
for place in proc dev run tmp; do mkdir -p "$root/$place"; done
"""
_TOOLS = """
mkdir -p "$root/run/sshd" "$root/run/tools"
mount --bind -o ro "$tools" "$root/run/tools"
tool() {
    {
        echo '#!/bin/sh'
        echo "usr=/run/tools/usr program=/run/tools/usr/$2"
        echo 'exec $usr/lib*/ld-linux-*.so.* --library-path "$(echo $usr/lib/*-linux-gnu)" $program "$@"'
    } >"$root/run/$1"
    chmod 0755 "$root/run/$1"
}
tool python bin/python3
tool nft sbin/nft
exec "$@"
"""


@dataclass(frozen=True)
class Appliance:
    """What is put into a root.

    Args:
        machine: what it is for.
        base: the stage of its base root.
        tools: whose Python runs Ansible's modules.
        release: the release's file, made by scripts/release for that machine.
        ansible: the directory of ansible-playbook.
        epoch_s: the time of everything, UTC epoch seconds.
        public_key: by which it knows an update (PEM); None: it takes none.
        model: where the stage of the language model's library is; None: without it.
        module: by which the kernel asks a Raspberry Pi's firmware for a trial; None: it needs none.
    """

    machine: Machine
    base: Stage
    tools: Tools
    release: Path
    ansible: Path
    epoch_s: int
    public_key: str | None = None
    model: Path | None = None
    module: Laid | None = None

    def stage(self, base: Path) -> Stage:
        """The stage: ``root``, whole but for its partitions.

        Args:
            base: where the base root's stage is.
        """

        def make(place: Path) -> None:
            root = place / "root"
            _run(["cp", "--archive", "--reflink=auto", str(base / "root"), str(root)], {})
            self._play(root)
            clean(root)
            lay(root)
            if self.model is not None:
                put(self.model / "model", root, self.epoch_s)
            if self.module is not None:
                self.module.put(root)
            if self.public_key is not None:
                (root / KEY).parent.mkdir(parents=True, exist_ok=True)
                (root / KEY).write_text(self.public_key, encoding="ascii")

        texts = (str(RECIPE), self.base.key, str(self.epoch_s), self.public_key or "")
        inputs: tuple[str | Path, ...] = (
            *texts,
            "" if self.model is None else self.model.name,  # its stage's key is in it
            "" if self.module is None else self.module.key,
            self.release,
            *_told_by(ROLES),
            PROJECT / "config",
            GROUND,
            FILES,
        )
        return Stage(f"root-{self.machine}", inputs, make)

    def _play(self, root: Path) -> None:
        words = ["unshare", "--mount", "--net", "--uts", "--ipc", "--propagation=private"]
        words += [
            "sh",
            "-euc",
            _PLACES + MOUNTS + _TOOLS,
            "sh",
            str(root),
            str(self.tools.root),
            str(self.ansible / "ansible-playbook"),
        ]
        words += [f"--inventory={GROUND / 'inventory.yml'}", "--extra-vars", f"ansible_host={root}"]
        words += ["--extra-vars", f"bitgrid_release_file={self.release.absolute()}", *PLAYBOOKS]
        environment = {
            "ANSIBLE_CONNECTION_PLUGINS": str(GROUND / "connection_plugins"),
            "ANSIBLE_HOME": str(root.parent / "ansible"),
            "ANSIBLE_REMOTE_TMP": "/tmp/ansible",  # noqa: S108  a memory of the root's own
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": str(self.epoch_s),
        }
        (root.parent / "ansible.log").write_text(_run(words, environment, ROLES), encoding="utf-8")


def _told_by(roles: Path) -> list[Path]:
    """What of Ansible's directory an image follows from; an owner's inventory beside it does not."""
    return [roles / name for name in ("roles", "playbooks", "plugins", "group_vars", "ansible.cfg")]


def _run(words: list[str], environment: dict[str, str], cwd: Path | None = None) -> str:
    """As `run`; what the builder has set for playbooks of his own is no part of an image."""
    return run(words, environment, cwd=cwd, keeps=lambda name: not name.startswith(_NOT_TAKEN))
