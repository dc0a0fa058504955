"""Expressions as Python builds them, and the text of the kernel that they are."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ._syntax import WORDS

#: No declaration can have these names.
RESERVED = frozenset[str]().union(*WORDS.values())

#: How tight an expression is, from `docs/language.md`; a looser one needs parentheses inside of a tighter one.
LOOSE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, NEGATIVE, POWER, ATOM = range(10)

_OPERATORS = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "%"), PRODUCT),
    "**": POWER,
}

# Where their second argument can't be right, a kernel fails, if the value is needed: as a `let`, it always is.
_DEMANDING = frozenset({"rank", "percentile", "trimmed_mean", "nth"})

#: An expression of more levels gets a name, so that neither the language's limit nor Python's is reached.
_MOST_LEVELS = 48

_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """Where in a program of the user something was written."""

    file: str
    line: int


@dataclass(eq=False)
class Node:
    """A part of an expression."""

    #: `name`, `number`, `call`, `operator`, `unary`, `if`, `cell`, `fold`, or `part` for one of the values of a fold.
    form: str
    #: The name of a variable or a function, an operator, or the text of a number.
    head: str
    operands: tuple[Node, ...] = ()
    #: Whether it has a value for each cell, and whether that is true or false.
    is_window: bool = False
    is_truth: bool = False
    #: Which elements of the first operand of a reduction take part.
    condition: Node | None = None
    #: The names of an enclosing fold that it needs.
    bound: frozenset[str] = frozenset()
    place: Place | None = None
    #: Of a fold: the names of its accumulators, and of its elements.
    accumulators: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    #: In the order in which the expressions were made, every operand comes before its users.
    number: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        needed = frozenset[str]().union(*(node.bound for node in self.needs()))
        self.bound = self.bound | needed - {*self.accumulators, *self.elements}

    def needs(self) -> Iterator[Node]:
        """What it is computed from."""
        yield from self.operands
        if self.condition is not None:
            yield self.condition

    def is_atom(self) -> bool:
        """Whether a name for it would say no more than itself."""
        return self.form in ("name", "number", "part") or (self.form == "unary" and self.operands[0].form == "number")


def number_text(value: float) -> str:
    """A number in the language; a negative one has its sign."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0 and math.copysign(1.0, value) < 0:
        return "-0.0"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


@dataclass
class Text:
    """The text of a kernel, and which part of it is from which place."""

    source: str
    #: From which character on, and the place of the user's program.
    places: list[tuple[int, Place | None]]

    def place(self, character: int) -> Place | None:
        """The place from which a character of the source is."""
        before = [place for start, place in self.places if start <= character]
        return before[-1] if before else None


def kernel_text(
    declarations: Sequence[str],
    demands: Sequence[Node],
    outputs: Mapping[str | None, Node] | Sequence[tuple[str | None, Node]],
    names: Mapping[int, str],
) -> Text:
    """The text of a kernel with these outputs, whose nodes have these names by their numbers, if they have one."""
    listed = list(outputs.items()) if isinstance(outputs, Mapping) else list(outputs)
    named, bound = _let([*demands, *(node for _, node in listed)], names)
    printer = _Printer(names, bound, declarations)
    items: list[tuple[str, Place | None]] = [(f"{each};", None) for each in declarations]
    for node in named:
        items.append((printer.let(node), node.place))
    items += [(f"assert {printer.text(node, LOOSE)};", node.place) for node in demands]
    last = [(printer.output(name, node, len(listed) > 1), node.place) for name, node in listed]
    items += [(f"{text}{',' if index < len(last) - 1 else ''}", place) for index, (text, place) in enumerate(last)]
    source, places = "", []
    for text, place in items:
        places.append((len(source), place))
        source += f"{text}\n"
    return Text(source.rstrip("\n"), places)


def _let(roots: Iterable[Node], names: Mapping[int, str]) -> tuple[list[Node], set[str]]:
    """The nodes that get a name, in order: folds with several values, what is used more than once, what Python has a name for, and
    what is nested deeply.

    And all names of accumulators and elements.
    """
    uses: Counter[int] = Counter()
    found: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        uses[node.number] += 1
        if node.number not in found:
            found[node.number] = node
            stack.extend(node.needs())
    demanding: set[int] = set()
    levels: dict[int, int] = {}
    named = []
    for number in sorted(found):
        node = found[number]
        levels[number] = 1 + max((levels[each.number] for each in node.needs()), default=0)
        if (node.form == "call" and node.head in _DEMANDING) or any(each.number in demanding for each in node.needs()):
            demanding.add(number)
        if node.form == "fold" and len(node.accumulators) > 1:
            is_named = True
        elif node.is_atom() or node.bound:
            is_named = False
        else:
            is_often = uses[number] > 1 or levels[number] > _MOST_LEVELS
            is_named = number in names or (is_often and number not in demanding)
        if is_named:
            named.append(node)
            levels[number] = 0
    bound = {name for node in found.values() for name in (*node.accumulators, *node.elements)}
    return named, bound


class _Printer:
    """Prints expressions, each by its name if it has one already."""

    def __init__(self, names: Mapping[int, str], bound: set[str], declarations: Sequence[str]) -> None:
        self._wanted = names
        self._given: dict[int, str] = {}
        self._taken = {*RESERVED, "w", *(word.strip(",") for each in declarations for word in each.split())}
        self._bound = bound

    def let(self, node: Node) -> str:
        """An item that gives the node a name."""
        value = self.text(node, LOOSE)
        if node.form == "fold" and len(node.accumulators) > 1:
            given = [self._free(name, node) for name in node.accumulators]
            self._given[node.number] = " ".join(given)
            return f"let {', '.join(given)} = {value};"
        name = self._free(self._wanted.get(node.number, "v"), node)
        self._given[node.number] = name
        return f"let {name} = {value};"

    def output(self, name: str | None, node: Node, several: bool) -> str:
        """An output."""
        text = self.text(node, LOOSE)
        if name is None:
            return f"({text})" if several and node.form == "fold" else text
        return f"{name}: {text}"

    def _free(self, wanted: str, node: Node) -> str:
        """A name that no other value has, in a fold or outside; a fold may have the name of its accumulator."""
        taken = self._taken | self._bound.difference(node.accumulators)
        candidates = itertools.chain([wanted], (f"{wanted}_{count}" for count in itertools.count(2)))
        name = next(candidate for candidate in candidates if candidate not in taken)
        self._taken.add(name)
        return name

    def text(self, node: Node, tightness: int) -> str:
        """The node as an operand that must be at least so tight."""
        if node.number in self._given:
            return self._given[node.number]
        text, own = self._expression(node)
        return text if own >= tightness else f"({text})"

    def _expression(self, node: Node) -> tuple[str, int]:
        operands = node.operands
        match node.form:
            case "number":
                return node.head, NEGATIVE if node.head.startswith("-") else ATOM
            case "name":
                return node.head, ATOM
            case "part":
                return self._given[operands[0].number].split()[int(node.head)], ATOM
            case "cell":
                return f"{operands[0].head}[{node.head}]", ATOM
            case "call":
                return f"{node.head}({', '.join(self._arguments(node))})", ATOM
            case "unary":
                own = NOT if node.head == "not" else NEGATIVE
                return f"{node.head}{' ' if own == NOT else ''}{self.text(operands[0], own)}", own
            case "operator":
                own = _OPERATORS[node.head]
                left = own + 1 if own in (COMPARISON, POWER) else own
                right = own if node.head == "**" else own + 1
                return f"{self.text(operands[0], left)} {node.head} {self.text(operands[1], right)}", own
            case "if":
                condition, yes, no = operands
                # An `if` on the right needs no parentheses.
                otherwise = self.text(no, LOOSE if no.form == "if" else OR)
                return f"if {self.text(condition, OR)} then {self.text(yes, OR)} else {otherwise}", LOOSE
        return self._fold(node), LOOSE

    def _arguments(self, node: Node) -> Iterator[str]:
        for index, operand in enumerate(node.operands):
            # A comma would belong to a fold.
            text = self.text(operand, LOOSE if operand.form == "if" else OR)
            if index == 0 and node.condition is not None:
                text = f"{self.text(operand, OR)} where {self.text(node.condition, OR)}"
            yield text

    def _fold(self, node: Node) -> str:
        count, width = len(node.accumulators), len(node.elements)
        firsts, windows, news = node.operands[:count], node.operands[count : count + width], node.operands[count + width :]
        first = ", ".join(f"{name} = {self.text(each, OR)}" for name, each in zip(node.accumulators, firsts, strict=True))
        element = ", ".join(f"{name} in {self.text(each, OR)}" for name, each in zip(node.elements, windows, strict=True))
        condition = "" if node.condition is None else f" where {self.text(node.condition, OR)}"
        new = ", ".join(self.text(each, LOOSE if each.form == "if" else OR) for each in news)
        return f"fold {first} for {element}{condition}: {new}"
