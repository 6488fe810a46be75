"""A disk that is written by a recording, and what a power cut leaves of it.

The model promises less than ext4 does, so that what holds here holds there:

- Data is durable by an fsync of its file, and by nothing else. What no fsync followed may be there in any part:
  any write kept or lost whatever came after it, torn between sectors of 512 bytes, its size kept and zeros in it.
- A name (made, renamed, removed, linked) is durable by an fsync of its directory, and by nothing else; the names
  of one directory keep their order, those of two do not. A rename is whole or not at all. ext4 promises more: any
  fsync commits every name before it, and data=ordered writes appended data before the size that shows it.
- What an fsync followed is never lost, and writing a sector harms no other (SQLite calls it powersafe overwrite).
  A disk that lies about its cache, or garbles what it does not write, is beyond this: no software on it helps.
- What was written through a map is not recorded. SQLite maps its -shm alone, which it makes anew after a crash.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from powercut.files import ByChance, Change, Content, File
from powercut.oplog import Kind, NotUnderstood, Op

Tree = dict[str, Content | None]
"""A directory's content: mode and bytes by relative path; None for a directory."""
_Names = dict[int, dict[str, int]]
SHARED_MEMORY = "-shm"
NOTES = (".json", ".unfinished")


@dataclass(frozen=True)
class _NameOp:
    """In a directory a name points to a file (None: to nothing any more); a rename also empties another name."""

    directory: int
    name: str
    file: int | None
    from_directory: int = -1
    from_name: str = ""

    def apply(self, names: _Names) -> None:
        if self.from_name:
            names[self.from_directory].pop(self.from_name, None)
        if self.file is None:
            names[self.directory].pop(self.name, None)
        else:
            names[self.directory][self.name] = self.file


class Disk:
    """The disk after some operations; begins with one empty directory."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}
        self._now: _Names = {0: {}}
        self._durable: _Names = {0: {}}
        self._pending: list[_NameOp] = []
        self._journalled = 0

    def do(self, op: Op) -> None:
        """One operation more."""
        if op.kind in _FILE_OPS:
            _FILE_OPS[op.kind](self, op)
        elif op.kind in _NAME_OPS:
            name_op = _NAME_OPS[op.kind](self, op)
            name_op.apply(self._now)
            self._pending.append(name_op)

    def running(self) -> Tree:
        """What a process would read: nothing was lost."""
        return self._tree(self._now, File.as_it_is)

    def synced_only(self) -> Tree:
        """All that was not made durable is lost, data and names."""
        return self._tree(self._durable, File.as_synced)

    def names_without_data(self) -> Tree:
        """Every name is there, and no data that was not made durable."""
        return self._tree(self._now, File.as_synced)

    def data_without_names(self) -> Tree:
        """All data is there, under the names that were made durable."""
        return self._tree(self._durable, File.as_it_is)

    def journalled(self) -> Tree:
        """As ext4 leaves it at the least: names up to the last fsync of anything, data only what was synced."""
        names = _copy(self._durable)
        for name_op in self._pending[: self._journalled]:
            name_op.apply(names)
        return self._tree(names, File.as_synced)

    def by_chance(self, chance: random.Random) -> Tree:
        """Some of it is lost, some is torn; of the names of a directory the last ones."""
        fate, names = ByChance(chance), _copy(self._durable)
        waiting = [name_op.directory for name_op in self._pending]
        kept = {directory: chance.randint(0, waiting.count(directory)) for directory in sorted(set(waiting))}
        for name_op in self._pending:
            kept[name_op.directory] -= 1
            if kept[name_op.directory] >= 0:
                name_op.apply(names)
        return self._tree(names, lambda file: file.survivor(fate))

    def _tree(self, names: _Names, content: Callable[[File], Content]) -> Tree:
        return dict(self._below(names, 0, "", content))

    def _below(
        self, names: _Names, directory: int, path: str, content: Callable[[File], Content]
    ) -> Iterator[tuple[str, Content | None]]:
        for name, number in sorted(names[directory].items()):
            if number in names:
                yield f"{path}{name}", None
                yield from self._below(names, number, f"{path}{name}/", content)
            else:
                yield f"{path}{name}", content(self._files[number])

    def _place(self, path: str) -> tuple[int, str]:
        """The directory and the name of a path, as they are now."""
        *above, name = path.split("/")
        directory = 0
        for part in above:
            directory = self._now[directory][part]
        return directory, name

    def _create(self, op: Op) -> _NameOp:
        self._files[op.file] = File(op.offset, op.offset)
        return _NameOp(*self._place(op.path), op.file)

    def _mkdir(self, op: Op) -> _NameOp:
        self._now[op.file], self._durable[op.file] = {}, {}
        return _NameOp(*self._place(op.path), op.file)

    def _unlink(self, op: Op) -> _NameOp:
        return _NameOp(*self._place(op.path), None)

    def _rename(self, op: Op) -> _NameOp:
        directory, name = self._place(op.path)
        return _NameOp(*self._place(op.other), self._now[directory][name], directory, name)

    def _link(self, op: Op) -> _NameOp:
        directory, name = self._place(op.path)
        return _NameOp(*self._place(op.other), self._now[directory][name])

    def _write(self, op: Op) -> None:
        self._files[op.file].change(Change(op.offset, op.data))

    def _truncate(self, op: Op) -> None:
        self._files[op.file].change(Change(op.offset, None))

    def _chmod(self, op: Op) -> None:
        if op.file in self._files:
            self._files[op.file].mode = op.offset

    def _mapped(self, op: Op) -> None:
        names = [name for entries in self._now.values() for name, file in entries.items() if file == op.file]
        if not all(name.endswith(SHARED_MEMORY) for name in names):
            raise NotUnderstood(f"{names} is written through a map, which is not recorded")

    def _sync(self, op: Op) -> None:
        if op.file in self._files:
            self._files[op.file].sync()
        else:
            self._commit([name_op.directory == op.file for name_op in self._pending])
        self._journalled = len(self._pending)

    def _sync_all(self, _op: Op) -> None:
        for file in self._files.values():
            file.sync()
        self._commit([True] * len(self._pending))

    def _commit(self, which: list[bool]) -> None:
        left = []
        for name_op, is_durable in zip(self._pending, which, strict=True):
            if is_durable:
                name_op.apply(self._durable)
            else:
                left.append(name_op)
        self._pending, self._journalled = left, len(left)


_FILE_OPS: Mapping[Kind, Callable[[Disk, Op], None]] = {
    Kind.WRITE: Disk._write,
    Kind.TRUNCATE: Disk._truncate,
    Kind.CHMOD: Disk._chmod,
    Kind.MAPPED: Disk._mapped,
    Kind.SYNC: Disk._sync,
    Kind.SYNC_ALL: Disk._sync_all,
}
_NAME_OPS: Mapping[Kind, Callable[[Disk, Op], _NameOp]] = {
    Kind.CREATE: Disk._create,
    Kind.MKDIR: Disk._mkdir,
    Kind.UNLINK: Disk._unlink,
    Kind.RMDIR: Disk._unlink,
    Kind.RENAME: Disk._rename,
    Kind.LINK: Disk._link,
}


def _copy(names: _Names) -> _Names:
    return {directory: dict(entries) for directory, entries in names.items()}


def lay_out(tree: Tree, root: Path, recorded: Path | None = None) -> None:
    """Write a tree into an empty directory; notes that name the ``recorded`` one name this one, as long."""
    old, new = (str(path or root).encode() for path in (recorded, root))
    assert len(old) == len(new)
    for path, told in tree.items():
        if told is None:
            (root / path).mkdir()
        elif not path.endswith(SHARED_MEMORY):
            is_note = path.endswith(NOTES)
            (root / path).write_bytes(told[1].replace(old, new) if is_note else told[1])
            (root / path).chmod(told[0])
