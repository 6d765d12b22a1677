#!/usr/bin/env python3
"""pseudo.py - a language for tests, made of English: en_XA.

    pseudo.py BUILD INTO

Makes a tree INTO with the programs of BUILD and with labs, lessons, quiz and catalogue in
en_XA beside them.  "Type `next`." becomes "⟦Týpé `next`. xxxx⟧": letters with accents show
that nothing is cut in the middle of a character, 40 % more of them that nothing counts on
English being short, and brackets what was translated: what stands outside of them was
forgotten, or is somebody else's.
"""
import os
import re
import shutil
import subprocess
import sys

import yaml

import content

LANG = "en_XA"
LETTERS = str.maketrans("aeiouycnAEIOUYCN", "áéíóúýçñÁÉÍÓÚÝÇÑ")
# What a translator leaves as it is: formats, {c}, `code`, $token, **, addresses.
KEEP = re.compile(r"(%[-#0 +.*\d]*(?:ll|l|z|h|j)?[a-zA-Z%]|\{[^{}]*\}|`[^`]*`|\$\w+|\*\*|"
                  r"https?://\S+|\\.)")


def say(line):
    """One line, its blanks at both ends left outside of the brackets."""
    body = line.strip(" \n")
    if not re.search(r"[A-Za-z]", body):
        return line
    start = line.index(body)
    parts = KEEP.split(body)
    words = "".join(p if i % 2 else p.translate(LETTERS) for i, p in enumerate(parts))
    more = (len(body) * 2 + 4) // 5
    padding = " " + " ".join(["xxxx"] * (more // 5 + 1))[:max(more - 1, 1)].rstrip()
    return line[:start] + "⟦" + words + padding + "⟧" + line[start + len(body):]


def say_lines(text):
    return "".join(say(line) for line in text.splitlines(True))


def say_markdown(body):
    """Headings, list items and table cells keep their marks; what is to be typed all of it."""
    out, code = [], False
    for line in body.split("\n"):
        code ^= line.startswith("```")
        mark = re.match(r" *(#+ |- |\d+\. )?", line).group()
        if code or line.startswith(("```", "| ---")):
            out.append(line)
        elif line.startswith("|"):
            out.append("|".join(say(cell) for cell in line.split("|")))
        else:
            out.append(mark + say(line[len(mark):]))
    return "\n".join(out)


def make_content(into):
    for folder in ("labs", "lessons", "quiz"):
        shutil.copytree(os.path.join(content.TOP, folder), os.path.join(into, folder),
                        ignore=shutil.ignore_patterns("*.c", "*.h"))
    for path in content.english_files():
        front, body = content.read(path)
        with open(os.path.join(into, content.translation_of(path, LANG)), "w",
                  encoding="utf-8") as f:
            f.write("---\n" + yaml.safe_dump(content.translation(front, say_lines),
                                             allow_unicode=True, width=1 << 20) +
                    "---\n" + say_markdown(body))


def po_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def unescape(block):
    text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', block))
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), text)


def make_catalogue(into):
    pot = subprocess.run([content.TOP + "/tests/helpers/strings.sh", "pot"], check=True,
                         capture_output=True, text=True).stdout
    out = ['msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
           '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n']
    for entry in pot.split("\n\n")[1:]:
        ids = [unescape(b) for b in re.findall(r'^msgid(?:_plural)? ((?:".*"\n)+)', entry, re.M)]
        out.append("msgid %s\n" % po_string(ids[0]))
        if len(ids) == 2:
            out.append("msgid_plural %s\n" % po_string(ids[1]))
            out += ["msgstr[%d] %s\n" % (i, po_string(say_lines(t))) for i, t in enumerate(ids)]
        else:
            out.append("msgstr %s\n" % po_string(say_lines(ids[0])))
    folder = os.path.join(into, "bin", "locale", LANG, "LC_MESSAGES")
    os.makedirs(folder)
    subprocess.run(["msgfmt", "-o", folder + "/drydock.mo", "-"], check=True, text=True,
                   input="\n".join(out))


# What may stand outside of the brackets: code and drawings, the lecture's own words, and
# what people type or programs know by name.
NOBODYS = [r'"[^"]*"', r"^ {4,}(?!--|-\w,).*$", r"^ *-\w, --\w+( \w+)?", r"--\w+( [A-Za-z]+)?",
           r"^ *\[[x ]\] [a-z]+:", r"\b[sp]\d\.w\d\b", r"^ {0,4}\d* *[a-z]+[a-z0-9-]*( |$)"]


def outside(text):
    """What is not bracketed, and whether each bracket has its other half."""
    depth, out = 0, ""
    for c in text:
        if c == "⟧":
            depth -= 1
        if depth <= 0 and c not in "⟦⟧" or c == "\n":
            out += c
        if c == "⟦":
            depth += 1
    for pattern in NOBODYS:
        out = re.sub(pattern, "", out, flags=re.M)
    left = [line.strip() for line in out.split("\n") if re.search("[A-Za-z]{2,}", line)]
    return left + ([] if depth == 0 else ["%d brackets are open at the end" % depth])


def main():
    build, into = sys.argv[1:]
    os.makedirs(into + "/bin")
    for name in ("drydock", "drydock-engine", "drydock-supervisor"):
        shutil.copy(os.path.join(build, name), into + "/bin")
    os.symlink("drydock", into + "/bin/docker")
    if os.path.isdir(build + "/locale"):
        shutil.copytree(build + "/locale", into + "/bin/locale")
    make_content(into)
    make_catalogue(into)


if __name__ == "__main__":
    main()
