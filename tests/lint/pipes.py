# SPDX-License-Identifier: GPL-2.0-or-later
"""pipes.py FILE... | --samples FILE - find pipes into a command that may stop reading early.

With "set -o pipefail", `producer | grep -q word` returns 141 if grep has ended and
the producer still writes: a test that fails at random. Prints FILE:LINE: COMMAND for
each such pipe, and returns 1 if there is one.

Checked are scripts that set pipefail, and files without a "#!" line, which such
scripts source. Text in quotes belongs to another shell, or to another program; it is
checked if it sets pipefail itself, or if this shell evaluates it (eval, trap)."""

import re
import sys

# so that `head -n -1` is not found, which reads everything
HEAD_READS_ALL = re.compile(r"^head\s+-[nc]\s*-")
GREP = re.compile(r"^[ef]?grep\b(.*)", re.S)
GREP_STOPS = re.compile(r"(?:^|\s)(?:-[A-Za-z]*[qmlL]|--quiet|--silent|--max-count|--files-with)")
SED_STOPS = re.compile(r"(?:^|[\s;{}'\"0-9$/])[qQ][0-9]*(?:[\s;}'\"]|$)")
AWK_END = re.compile(r"\bEND\s*\{.*", re.S)
# where | does not pipe: [[ a =~ b|c ]], and the patterns of case
NO_PIPE = re.compile(r"\[\[\s.*?\s\]\]|(?:^\s*|\sin\s+|;;\s*)[^\s|;&()<>]+"
                     r"(?:\s*\|\s*[^\s|;&()<>]+)+\)", re.M)
LEAVES = re.compile(r"\b(?:break|return|exit)\b")
PREFIX = re.compile(r"^(?:!\s+|\w+=\S*\s+|(?:command|exec|env|sudo|busybox|nice|if)\s+"
                    r"|stdbuf(?:\s+-\S+)+\s+"
                    r"|timeout(?:\s+-[ks]\s+\S+|\s+-\S+)*\s+\S+\s+)")


class Script:
    """The text of a script, and `code`: the same with comments and quoted text blank."""

    def __init__(self, text):
        self.text = text
        self.code = list(text)
        self.quoted = []
        self.here = []
        self.at = 0
        while self.at < len(text):
            self.commands("")
            self.at += 1
        self.code = "".join(self.code)

    def blank(self, begin, end):
        for i in range(begin, end):
            if self.text[i] != "\n":
                self.code[i] = " "

    def commands(self, closing):
        """Up to the parenthesis that closes them, or to the end."""
        text, depth = self.text, 0
        while self.at < len(text):
            char = text[self.at]
            if char == "\\":
                self.at += 1
            elif char == "'":
                self.single()
            elif char == '"':
                self.double()
            elif text.startswith("${", self.at):
                self.parameter()
            elif text.startswith("<<", self.at) and not text.startswith("<<<", self.at) \
                    and text[self.at - 1] != "<":
                word = re.match(r"<<-?\s*(['\"\\]?)(\w+)", text[self.at:])
                if word:
                    self.here.append(word[2])
            elif char == "\n" and self.here:
                self.documents()
                continue
            elif char == "#" and (self.at == 0 or text[self.at - 1] in " \t\n;|&("):
                end = text.find("\n", self.at)
                end = len(text) if end < 0 else end
                self.blank(self.at, end)
                self.at = end
                continue
            elif char == "(":
                depth += 1
            elif char == ")":
                if closing and depth == 0:
                    return
                depth = max(depth - 1, 0)
            self.at += 1

    def keep(self, begin, end):
        word = re.search(r"\b(eval|trap)\s+$", self.text[max(0, begin - 20):begin - 1])
        self.quoted.append((begin, self.text[begin:end], bool(word)))

    def single(self):
        begin = self.at + 1
        end = self.text.find("'", begin)
        self.at = len(self.text) if end < 0 else end
        self.keep(begin, self.at)
        self.blank(begin, self.at)

    def double(self):
        begin = self.at = self.at + 1
        blank = begin
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\":
                self.at += 1
            elif self.text.startswith("$(", self.at):
                self.blank(blank, self.at)
                self.at += 2
                self.commands(")")
                blank = self.at + 1
            elif self.text.startswith("${", self.at):
                self.parameter()
            self.at += 1
        self.keep(begin, self.at)
        self.blank(blank, min(self.at, len(self.text)))

    def parameter(self):
        begin = self.at
        self.at += 2
        while self.at < len(self.text) and self.text[self.at] != "}":
            if self.text[self.at] == "\\":
                self.at += 1
            elif self.text.startswith("${", self.at):
                self.parameter()
            self.at += 1
        self.blank(begin + 1, self.at)

    def documents(self):
        for word in self.here:
            end = re.search(rf"^\s*{word}$", self.text[self.at + 1:], re.M)
            end = self.at + 1 + end.end() if end else len(self.text)
            self.keep(self.at + 1, end)
            self.blank(self.at + 1, end)
            self.at = end
        self.here = []


def extent(code, begin):
    """Where the simple command that begins there ends."""
    depth = 0
    for i in range(begin, len(code)):
        char = code[i]
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                return i
        elif depth == 0 and char in "|;&" and code[i - 1] not in ">\\":
            return i
        elif depth == 0 and char == "\n" and code[i - 1] != "\\" and code[begin:i].strip():
            return i
    return len(code)


def loop(code):
    """The loop at the beginning of `code`, and how often it may end before its input."""
    depth = 0
    for word in re.finditer(r"(?:^|(?<=[\s;&|({]))(do|done)(?=[\s;&|)<>]|$)", code):
        depth += 1 if word[1] == "do" else -1
        if depth == 0:
            return code[:word.start()]
    return code


def stops(script, begin):
    """Whether the command that begins there may end before its input does."""
    while script.code[begin:begin + 1].isspace() or script.code.startswith("\\\n", begin):
        begin += 1
    code = script.code[begin:]
    prefix = PREFIX.match(code) or re.match(r"^(?:\{\s|\()", code)
    if prefix:
        return stops(script, begin + prefix.end())
    end = extent(script.code, begin)
    code, text = script.code[begin:end].strip(), script.text[begin:end].strip()
    name = re.match(r"[\w./-]*", code)[0].rsplit("/", 1)[-1]
    if name == "head":
        return not HEAD_READS_ALL.match(code)
    if name in ("grep", "egrep", "fgrep"):
        return bool(GREP_STOPS.search(GREP.match(code)[1]))
    if name == "sed":
        return bool(SED_STOPS.search(text))
    if name in ("awk", "gawk", "mawk"):
        return bool(re.search(r"\bexit\b", AWK_END.sub("", text)))
    if name in ("while", "until"):
        body = loop(script.code[begin:])
        return bool(LEAVES.search(body) or re.match(r"\w+[^\n;]*&&", body))
    if name in ("python3", "perl"):
        return bool(re.search(r"\bbreak\b", text))
    return name == "read" or (name == "dd" and "count=" in code)


def pipes(text, line=1):
    """(LINE, COMMAND) of each pipe into a reader that may stop."""
    script = Script(text)
    script.code = NO_PIPE.sub(lambda found: found[0].replace("|", " "), script.code)
    for bar in re.finditer(r"(?<![|>\\])\|&?(?!\|)", script.code):
        if stops(script, bar.end()):
            begin = bar.end()
            while script.text[begin:begin + 1] in (" ", "\t", "\n", "\\"):
                begin += 1
            command = script.text[begin:].split("\n")[0]
            yield line + script.text.count("\n", 0, begin), "| " + command.strip()
    for begin, inner, evaluated in script.quoted:
        if evaluated or re.search(r"\bpipefail\b", inner):
            if "\\$" in inner or '\\"' in inner:
                inner = re.sub(r"\\([$\"`\\])", r" \1", inner)
            yield from pipes(inner, line + text.count("\n", 0, begin))


def checked(text):
    if not text.startswith("#!"):
        return True
    return "pipefail" in Script(text).code


def samples(name):
    """Whether the verdict on each line of the file is the one that stands there."""
    wrong = False
    with open(name, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#"):
                continue
            wanted, text = line.rstrip("\n").split("\t", 1)
            got = "stops" if any(pipes(text)) else "reads"
            if got != wanted:
                print(f"{name}:{number}: {got}: {text}")
                wrong = True
    return wrong


def main():
    if sys.argv[1:2] == ["--samples"]:
        return samples(sys.argv[2])
    found = False
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        if not checked(text):
            continue
        for line, command in sorted(set(pipes(text))):
            print(f"{name}:{line}: {command}")
            found = True
    return found


if __name__ == "__main__":
    sys.exit(main())
