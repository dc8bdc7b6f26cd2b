# SPDX-License-Identifier: Apache-2.0
"""Finds the function bodies of a C++ file by matching braces: enough for length limits, no parser."""
import dataclasses
import re

_SKIPPED = re.compile(
    r'//[^\n]*|/\*.*?\*/'                                   # comments
    r'|(?:u8|[uUL])?R"(?P<d>[^()\\ ]{0,16})\(.*?\)(?P=d)"'  # raw strings
    r'|"(?:\\.|[^"\\\n])*"'                                 # strings
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"                 # characters, not digit separators
    r'|^[ \t]*\#[^\n]*(?:\\\n[^\n]*)*',                     # preprocessor lines
    re.S | re.M)
_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")

_TABLE = re.compile(r"\bstatic\s+const[^;{}()]*\{")


@dataclasses.dataclass
class Function:
    line: int   # where its head begins, from 1
    lines: int  # from the first line of its head to the closing brace, the rows of static tables left out


def _blank(match: re.Match) -> str:
    return re.sub(r"[^\n]", " ", match.group(0))


def _is_scope(head: str) -> bool:
    """Whether a brace after this head opens a namespace or type, inside which functions are looked for."""
    head = re.sub(r"template\s*<[^{;]*?>\s*(?=(class|struct|union|inline|\w))", "", head)
    head = re.sub(r"\b(alignas|SLUICE_\w+)\s*\([^)]*\)", "", head)
    return bool(_SCOPE.search(head)) and "(" not in head.split(":")[0].replace("::", "")


def _is_function(head: str) -> bool:
    """Whether a head with a body is a function's, and not an initialised table's."""
    name, parenthesis, _ = head.partition("(")
    return bool(parenthesis) and ("=" not in name or "operator" in name)


def _table_lines(body: str) -> int:
    """Lines inside the braces of static tables: their rows are data, not code."""
    total = 0
    for match in _TABLE.finditer(body):
        depth, end = 1, match.end()
        while depth and end < len(body):
            depth += {"{": 1, "}": -1}.get(body[end], 0)
            end += 1
        total += max(0, body.count("\n", match.end(), end) - 1)
    return total


def functions(text: str) -> list[Function]:
    clean = _SKIPPED.sub(_blank, text)
    found: list[Function] = []
    scopes: list[bool] = []  # for each open brace: does it enclose declarations?
    start, outer, head_start = 0, 0, 0
    continued: int | None = None  # head of a constructor whose initialiser list holds braces
    for match in re.finditer(r"[{};]", clean):
        at, sign = match.start(), match.group(0)
        declarations = all(scopes)
        if sign == "{":
            if declarations:
                head = clean[start:at]
                first = start + len(head) - len(head.lstrip())
                scope = _is_scope(head)
                if not scope:
                    outer = len(scopes)
                    head_start = continued if continued is not None else first
                scopes.append(scope)
            else:
                scopes.append(False)
            start = at + 1
        elif sign == "}" and scopes:
            scopes.pop()
            if all(scopes) and len(scopes) == outer and not _closed_scope(clean, scopes, at, head_start):
                head = clean[head_start:at]
                following = clean[at + 1:].lstrip()[:1]
                in_list = following in (",", "{") and ")" in head.split("{")[0]
                continued = head_start if in_list else None
                if not in_list and _is_function(head.split("{")[0]):
                    line = clean.count("\n", 0, head_start) + 1
                    found.append(Function(line, clean.count("\n", 0, at) + 2 - line - _table_lines(head)))
            start = at + 1
        elif sign == ";" and declarations:
            start, continued = at + 1, None
    return found


def _closed_scope(clean: str, scopes: list[bool], at: int, head_start: int) -> bool:
    """Whether the brace at `at` closed a namespace or type and not the body that began at head_start."""
    return clean.count("{", head_start, at) != clean.count("}", head_start, at) + 1
