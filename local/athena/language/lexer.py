"""Athena SQL as a sequence of tokens with their places in the text.

sqlglot parses queries; this reads what sqlglot does not: Athena's commands (UNLOAD, SHOW, MSCK,
ALTER) and the places of ``?``, which must never be looked for in strings or comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from local.athena.errors import QueryFailed

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_][\w$]*)
  | (?P<symbol>::|->|=>|<>|!=|<=|>=|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, quoted name, string, number or symbol; ``text`` is as written."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def value(self) -> str:
        """A string's or quoted name's content, a word in lower case, else the text."""
        if self.kind in ("string", "quoted"):
            quote = self.text[0]
            return self.text[1:-1].replace(quote * 2, quote)
        return self.text.lower() if self.kind == "word" else self.text


def place(sql: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a character of the statement."""
    before = sql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def tokens(sql: str) -> list[Token]:
    """The statement's tokens without white space, comments and one trailing semicolon.

    Raises:
        QueryFailed: a string, name or comment is not closed, or more than one statement is given.
    """
    found = list(_scan(sql))
    if found and found[-1].text == ";":
        found.pop()
    for token in found:
        if token.text == ";":
            raise QueryFailed(
                "SYNTAX_ERROR", "Only one sql statement is allowed", at=place(sql, token.start)
            )
        if token.text in ("'", '"', "`") or (token.text == "::"):
            raise QueryFailed(
                "SYNTAX_ERROR", f"mismatched input '{token.text}'", at=place(sql, token.start)
            )
    if not found:
        raise QueryFailed("SYNTAX_ERROR", "mismatched input '<EOF>'", at=(1, 1))
    return found


def _scan(sql: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or "symbol"
        if kind != "space":
            yield Token(kind, match.group(), match.start(), match.end())


class Reader:
    """Reads a command token by token; a word that does not fit is a SYNTAX_ERROR at its place."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._tokens = tokens(sql)
        self._at = 0

    def take(self, *words: str) -> bool:
        """Step over the words or symbols if they come next, whatever their case."""
        ahead = self._tokens[self._at : self._at + len(words)]
        fits = [token.value for token in ahead if token.kind in ("word", "symbol")]
        if fits != [word.lower() for word in words]:
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Step over the words, which must come next."""
        if not self.take(*words):
            raise self.mismatch(" ".join(words))

    def next(self, *kinds: str) -> Token:
        """Step over one token of one of the kinds."""
        if self.at_end or self._tokens[self._at].kind not in kinds:
            raise self.mismatch(" or ".join(kinds))
        self._at += 1
        return self._tokens[self._at - 1]

    def name(self) -> tuple[str, ...]:
        """A dotted name in lower case, of one to three parts."""
        parts = [self.next("word", "quoted").value.lower()]
        while self.take("."):
            parts.append(self.next("word", "quoted").value.lower())
        return tuple(parts)

    def parenthesised(self) -> str:
        """The text between the parenthesis that comes next and its partner."""
        self.expect("(")
        start, depth = self._tokens[self._at - 1].end, 1
        while depth:
            token = self.next("word", "quoted", "string", "number", "symbol")
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        return self._part(start, self._tokens[self._at - 1].start)

    def rest(self) -> str:
        """The text of everything not yet read."""
        if self.at_end:
            raise self.mismatch("a query")
        start, self._at = self._tokens[self._at].start, len(self._tokens)
        return self._part(start, self._tokens[-1].end)

    def _part(self, start: int, end: int) -> str:
        """A part of the statement, led by blanks so that its tokens keep their places."""
        return re.sub(r"[^\n]", " ", self.sql[:start]) + self.sql[start:end]

    def cut(self, *words: str) -> bool:
        """Drop the words from the statement's end if it ends with them."""
        last = [token.value for token in self._tokens[-len(words) :] if token.kind == "word"]
        if last != list(words):
            return False
        del self._tokens[-len(words) :]
        return True

    @property
    def at_end(self) -> bool:
        """Whether every token has been read."""
        return self._at >= len(self._tokens)

    def finish(self) -> None:
        """Refuse anything left over."""
        if not self.at_end:
            raise self.mismatch("<EOF>")

    def mismatch(self, expected: str) -> QueryFailed:
        """The error Athena gives where another token was expected."""
        if self.at_end:
            text, offset = "<EOF>", len(self.sql)
        else:
            text, offset = self._tokens[self._at].text, self._tokens[self._at].start
        message = f"mismatched input '{text}'. Expecting: {expected}"
        return QueryFailed("SYNTAX_ERROR", message, at=place(self.sql, offset))
