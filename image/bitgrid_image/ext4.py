"""A file system of ext4 that lies in a larger file, copied out without mounting it, by debugfs(8).

``rdump`` copies directories, files and symlinks. What it loses is put back from the file system's own tables:
owners, set-uid and sticky bits, hard links, extended attributes of files (capabilities). Device nodes, pipes,
sockets and the access lists of directories stay behind.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError
from bitgrid_image.tools import Tools

_ROOT_INODE = 2
_NAMED = 6
"""Of /inode/mode/owner/group/name/size/ a line has as many parts before its size."""
_ASKED = re.compile(r"debugfs: +(?:ls -p|ea_list|ea_get -x) <(\d+)>")
_ATTRIBUTE = re.compile(r"  ([a-z]+\.[^ ]+) \(\d+\) = ")
_VALUE = re.compile(r"([a-z]+\.[^ ]+) \((\d+)\) = ([0-9a-f ]*)")


@dataclass(frozen=True)
class Node:
    """What a directory says of a name.

    Args:
        path: below the root.
        inode: its number; two names with one are one file.
        mode: kind and permissions, as `stat` has them.
        owner: number of the user.
        group: number of the group.
        size: of a file, bytes; of a directory 0.
    """

    path: Path
    inode: int
    mode: int
    owner: int
    group: int
    size: int

    @property
    def is_copied(self) -> bool:
        """Whether rdump copies such a thing."""
        return stat.S_ISREG(self.mode) or stat.S_ISDIR(self.mode) or stat.S_ISLNK(self.mode)

    def is_whole(self, to: Path) -> bool:
        """Whether its copy is there, a file of its size."""
        path = to / self.path
        return os.path.lexists(path) and (not stat.S_ISREG(self.mode) or path.lstat().st_size == self.size)


@dataclass(frozen=True)
class Ext4:
    """A file system in a file.

    Args:
        file: the file.
        begin: where in it the file system begins, bytes.
        tools: for debugfs.
    """

    file: Path
    begin: int
    tools: Tools

    def unpack(self, to: Path) -> None:
        """Copy everything into an empty directory.

        Raises:
            ImageError: it cannot be read, or not everything of it.
        """
        self._debugfs("-R", "rdump / /mnt/to", to=to)
        nodes = list(self._nodes(to))
        lost = [str(node.path) for node in nodes if node.is_copied and not node.is_whole(to)]
        if lost or not nodes:
            raise self._damaged(f"{len(lost)} of its {len(nodes)} names cannot be read ({', '.join(lost[:3])})")
        _restore(to, [node for node in nodes if node.is_copied])
        self._attributes(to, {node.inode: to / node.path for node in nodes if stat.S_ISREG(node.mode)})

    def _nodes(self, work: Path) -> Iterator[Node]:
        """Every name but the root's own, a directory before what is in it."""
        level = {_ROOT_INODE: Path()}
        while level:
            below: dict[int, Path] = {}
            for inode, lines in self._asked(work, "ls -p", level):
                for node in _listed(lines, level[inode]):
                    if stat.S_ISDIR(node.mode):
                        below[node.inode] = node.path
                    yield node
            level = below

    def _attributes(self, to: Path, files: dict[int, Path]) -> None:
        named = {
            inode: [found[1] for line in lines if (found := _ATTRIBUTE.match(line))]
            for inode, lines in self._asked(to, "ea_list", files)
        }
        words = [(inode, f"ea_get -x <{inode}> {name}") for inode, names in named.items() for name in names]
        for inode, lines in self._run(to, [word for _, word in words]):
            for line in lines:
                if (found := _VALUE.fullmatch(line.strip())) is not None:
                    os.setxattr(files[inode], found[1], bytes.fromhex(found[3])[: int(found[2])])

    def _asked(self, work: Path, question: str, inodes: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
        return self._run(work, [f"{question} <{inode}>" for inode in inodes])

    def _run(self, work: Path, words: list[str]) -> Iterator[tuple[int, list[str]]]:
        """What is answered to each question, by the inode that was asked for."""
        if not words:
            return
        questions = work / ".questions"
        questions.write_text("\n".join(words) + "\n", encoding="ascii")
        try:
            answer = self._debugfs("-f", "/mnt/to/.questions", to=work)
        finally:
            questions.unlink()
        inode, lines = 0, list[str]()
        for line in answer.splitlines():
            if (asked := _ASKED.match(line)) is not None:
                if inode:
                    yield inode, lines
                inode, lines = int(asked[1]), []
            else:
                lines.append(line)
        yield inode, lines

    def _debugfs(self, *words: str, to: Path) -> str:
        """What it answers. It ends well whatever happens: what went wrong it only says."""
        file, places = f"/mnt/from/{self.file.name}?offset={self.begin}", {"from": self.file.parent, "to": to}
        done = self.tools.run("debugfs", *words, file, places=places, epoch_s=0)
        wrong = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("debugfs 1.")]
        if wrong:
            raise self._damaged("; ".join(wrong[:3]))
        return done.stdout

    def _damaged(self, how: str) -> ImageError:
        return ImageError(f"the file system in {self.file.name} is damaged: {how}. Download it again")


def _listed(lines: list[str], directory: Path) -> Iterator[Node]:
    for line in lines:
        parts = line.split("/", _NAMED - 1)
        if len(parts) < _NAMED:
            continue
        _, inode, mode, owner, group, rest = parts
        name, size, _ = rest.rsplit("/", 2)
        if name not in {".", "..", "lost+found"}:
            yield Node(directory / name, int(inode), int(mode, 8), int(owner), int(group), int(size or 0))


def _restore(to: Path, nodes: list[Node]) -> None:
    """One file for one inode, and each with its owner and all bits of its mode."""
    first: dict[int, Path] = {}
    for node in nodes:
        path = to / node.path
        if not stat.S_ISDIR(node.mode) and (same := first.setdefault(node.inode, path)) != path:
            path.unlink()
            os.link(same, path, follow_symlinks=False)
            continue
        os.chown(path, node.owner, node.group, follow_symlinks=False)
        if not stat.S_ISLNK(node.mode):
            path.chmod(stat.S_IMODE(node.mode))
    to.chmod(0o755)
    if (to / "lost+found").is_dir():
        (to / "lost+found").rmdir()
