"""The texts of the code, as the catalogue knows them: constants, and f-strings with numbered places."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cockpit
from tests.texts.not_texts import FILES, NAMES, PATTERNS

ROOT = Path(cockpit.__file__).parent
# The embedded cluster speaks as a cluster does; the texts are about themselves.
ROOMS_APART = frozenset({"demo", "docs", "texts"})
_PLACE = re.compile(r"\{\d+\}")
_WORD = re.compile(r"(?<![\w./=-])[A-Za-z]{2,}(?![\w/=])")
# Calls whose texts nobody reads on a screen.
_UNSEEN_CALLS = frozenset(
    {"compile", "lazy_re", "debug", "info", "warning", "exception", "AssertionError", "getLogger", "TypeVar"}
)
_COUNTS = frozenset({"counted", "plural"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the code: the room and the line where it first stands, and the expressions of its places."""

    english: str
    room: str
    file: str
    line: int
    places: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """Its whole words, without those of its places."""
        return _WORD.findall(_PLACE.sub(" ", self.english))

    @property
    def sentence(self) -> bool:
        """Whether it must have a translation: several words, or a word beside a value."""
        english = self.english.strip()
        if " " not in english or english in NAMES or any(pattern.search(self.english) for pattern in PATTERNS):
            return False
        return len(self.words) >= (1 if self.places else 2)


def texts() -> list[Text]:
    """Every text of the rooms, each once, in the order of files and lines."""
    found: dict[str, Text] = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.split("/")[0] in ROOMS_APART or name in FILES:
            continue
        for each in _Visitor(name).texts_of(_Joined().visit(ast.parse(path.read_text(encoding="utf-8")))):
            found.setdefault(each.english, each)
    return list(found.values())


class _Joined(ast.NodeTransformer):
    """`words = a` with `words += b` right behind it is one text."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody"):
            if isinstance(getattr(node, name, None), list):
                setattr(node, name, self._joined(getattr(node, name)))
        return super().generic_visit(node)

    def _joined(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for each in body:
            last = found[-1] if found else None
            if isinstance(each, ast.AugAssign) and isinstance(last, ast.Assign) and _same(last, each):
                last.value = ast.BinOp(last.value, ast.Add(), each.value, lineno=last.lineno)
            else:
                found.append(each)
        return found


def _same(first: ast.Assign, then: ast.AugAssign) -> bool:
    names = isinstance(first.targets[0], ast.Name) and isinstance(then.target, ast.Name)
    text = _parts(then.value) is not None and isinstance(then.op, ast.Add)
    return (
        names and text and _parts(first.value) is not None and ast.unparse(first.targets[0]) == ast.unparse(then.target)
    )


class _Visitor:
    def __init__(self, file: str) -> None:
        self._file = file
        self._room = file.split("/")[0].removesuffix(".py")

    def texts_of(self, node: ast.AST) -> Iterator[Text]:
        """The texts below a node, but for docstrings and what nobody reads."""
        if _unseen(node):
            return
        if isinstance(node, ast.Call) and _name(node.func) in _COUNTS:
            yield from self._nouns(node)
            for argument in node.args:
                if not isinstance(argument, ast.Constant):
                    yield from self.texts_of(argument)
            return
        if isinstance(node, ast.FunctionDef) and _is_command(node):
            yield from self._paragraphs(ast.get_docstring(node) or "", node)
        parts = _parts(node)
        if parts is None:
            for child in ast.iter_child_nodes(node):
                yield from self.texts_of(child)
            return
        places = [part for part in parts if isinstance(part, ast.AST)]
        if any(isinstance(part, str) and "\n\n" in part for part in parts):
            yield from self._paragraphs("".join(part if isinstance(part, str) else "{0}" for part in parts), node)
            return
        numbers = iter(range(len(places)))
        english = "".join(_escaped(part) if isinstance(part, str) else f"{{{next(numbers)}}}" for part in parts)
        line = getattr(node, "lineno", 0)
        yield Text(english.strip(" "), self._room, self._file, line, tuple(ast.unparse(place) for place in places))
        for place in places:
            yield from self.texts_of(place)

    def _paragraphs(self, text: str, node: ast.AST) -> Iterator[Text]:
        """The help of a command is translated by paragraphs; each has one place at most."""
        for paragraph in text.split("\n\n"):
            english = " ".join(paragraph.replace("\b", " ").split())
            places = ("value",) if "{0}" in english else ()
            yield Text(english, self._room, self._file, getattr(node, "lineno", 0), places)

    def _nouns(self, call: ast.Call) -> Iterator[Text]:
        """`counted(n, "pod")` is "1 pod" or "2 pods"."""
        words = [each.value for each in call.args[1:] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if words:
            for noun in (words[0], words[1] if len(words) > 1 else f"{words[0]}s"):
                yield Text(f"{{0}} {noun}", self._room, self._file, call.lineno, ("count",))


def _unseen(node: ast.AST) -> bool:
    """Whether it is a docstring, or what is in a call that nobody reads."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Call) and _name(node.func) in _UNSEEN_CALLS


def _is_command(node: ast.FunctionDef) -> bool:
    """Whether its docstring is the help of a command."""
    calls = [each.func for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(ast.unparse(call) in ("click.command", "click.group") for call in calls)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _parts(node: ast.AST) -> list[str | ast.AST] | None:
    """Literal texts and expressions of a constant, an f-string or a sum of them; None for anything else."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return [
            str(value.value) if isinstance(value, ast.Constant) else value.value  # type: ignore[attr-defined]
            for value in node.values
        ]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _parts(node.left), _parts(node.right)
        if left is None and right is None:
            return None
        return [*(left or [node.left]), *(right or [node.right])]
    return None
