"""content.py - the texts of labs, lessons and quiz, as translators see them.

A file's front is walked together with its translation's.  text_keys() says which keys
are text; the rest (proofs, answers, scripts, tags) stands in the English file only.
"""
import glob
import os
import re

import yaml

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TEXT = {"title", "lecture", "part", "missing", "shown", "say", "ask", "why", "text", "truth",
        "shows", "note"}
ALL_TEXT = {"concepts", "tags", "hints"}     # every scalar below is text
TIES = ("id", "goal", "quote")               # what ties an item of a list to its place


def english_files():
    """labs/01-hello/lab.md ..., relative to the top."""
    names = glob.glob(TOP + "/labs/*/lab.md") + glob.glob(TOP + "/lessons/[0-9]*.md") + \
        glob.glob(TOP + "/lessons/demos/*.md") + glob.glob(TOP + "/quiz/*.md")
    return sorted(os.path.relpath(n, TOP) for n in names if os.path.basename(n).count(".") == 1)


def translation_of(path, lang):
    return "%s.%s.md" % (path[:-3], lang)


def read(path):
    """The front, every scalar as a string, and the body."""
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        _, front, body = f.read().split("---\n", 2)
    return yaml.load(front, yaml.BaseLoader), body


def items(node):
    """The children of a mapping or list with what ties them to their place."""
    if isinstance(node, dict):
        return list(node.items())
    return [(next((i[k] for k in TIES if isinstance(i, dict) and k in i), n), i)
            for n, i in enumerate(node)]


def texts(node, path=(), all_text=False, in_options=False):
    """(path, text) for each text of a front; options of one text and of many alike."""
    for key, child in items(node):
        here = path + (key,)
        if isinstance(child, str):
            if all_text or key in TEXT or in_options:
                yield here + (("text",) if in_options else ()), child
        else:
            yield from texts(child, here, all_text or key in ALL_TEXT, key == "options")


def other_keys(node, path=(), all_text=False, in_options=False):
    """Paths of what a translation must not have: no text, and no tie either."""
    for key, child in items(node):
        here = path + (key,)
        if isinstance(child, str):
            if not (all_text or key in TEXT or in_options or key in TIES):
                yield here
        else:
            yield from other_keys(child, here, all_text or key in ALL_TEXT, key == "options")


def placeholders(text):
    """{c}, {n:layer:layers} (only n: the words are translated)."""
    return sorted(re.findall(r"\{(\w+)(?::[^{}]*)?\}", text))


def codes(text):
    return set(re.findall(r"`([^`]+)`", text))


def shape(body):
    """What a translated body has as often as the English one."""
    fences = body.count("\n```")
    lines = re.sub(r"```.*?```", "", body, flags=re.S).split("\n")
    return {"code blocks": fences,
            "headings": [len(line) - len(line.lstrip("#")) for line in lines if line[:1] == "#"],
            "table rows": sum(line.startswith("|") for line in lines),
            "list items": sum(bool(re.match(r"(-|\d+\.) ", line)) for line in lines)}


def translation(node, say, all_text=False, in_options=False):
    """What a translation of the node has: its texts, each through say(), and the ties."""
    out = {}
    for key, child in node.items():
        text = all_text or key in TEXT or in_options
        if isinstance(child, str):
            if text or key in TIES:
                out[key] = child if key in TIES and not text else say(child)
        elif isinstance(child, dict):
            out[key] = translation(child, say, all_text or key in ALL_TEXT, key == "options")
        elif key in ALL_TEXT:
            out[key] = [say(c) for c in child]
        else:
            out[key] = [translation(c, say) for c in child if isinstance(c, dict)]
    return out
