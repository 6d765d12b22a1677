#!/usr/bin/env python3
"""All that labs, lessons and quiz say is in the catalogue or in the translated files, and fits.

It is said in en_XA (tests/helpers/pseudo.py), where everything translated stands between
brackets and is 40 % longer, and once more in English and German: at 60, 80 and 120 columns
no terminal has to break a line.  Every recorded run is judged the same in each language.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helpers"))
import content  # noqa: E402
import pseudo  # noqa: E402
import terminal  # noqa: E402

BUILD = os.environ.get("DRYDOCK_BUILD", os.path.abspath(content.TOP + "/build"))
LANGUAGES, WIDTHS = ["en", "de", "en_XA"], [60, 80, 120]
VERBS = ["lab", "lesson", "quiz", "review", "layers", "where", "lost", "compare",
         "attach-session"]
count = failed = 0


def result(findings, name):
    global count, failed
    count += 1
    failed += bool(findings)
    print("%sok %d - %s" % ("not " if findings else "", count, name))
    for f in findings[:20]:
        print("# " + f)


def program(place, lang, columns, *argv):
    env = {"DRYDOCK_LANG": lang}
    status, text = terminal.run([place + "/bin/drydock", *argv], columns, env=env)
    findings = ["torn: " + line for line in terminal.torn(text, columns)]
    if lang == "en_XA":
        findings += ["not translated: " + line for line in pseudo.outside(text)]
    return status, ["%s %s: %s" % (lang, " ".join(argv), f) for f in findings], text


def each(place, calls):
    findings = []
    for lang in LANGUAGES:
        for columns in WIDTHS:
            for call in calls:
                findings += program(place, lang, columns, *call)[1]
    return findings


def played(place, lang, key):
    """The whole quiz answered with one letter, through pipes: plain text."""
    env = dict(os.environ, DRYDOCK_LANG=lang, COLUMNS="60", DOCKER_HOST="unix:///nowhere")
    out = subprocess.run([place + "/bin/drydock", "quiz"], input="%s sure\n" % key * 200,
                         capture_output=True, text=True, env=env, errors="replace").stdout
    # What is typed is not part of the question's line on a terminal.
    out = re.sub(r"\b%s sure$" % key, "", out, flags=re.M)
    findings = ["torn: " + line for line in terminal.torn(out, 60)]
    findings += ["not ASCII: " + line for line in out.split("\n") if not line.isascii()]
    if lang == "en_XA":
        text = out.replace("[[", "⟦").replace("]]", "⟧")
        findings += [line for line in pseudo.outside(text) if not re.match(r"[a-d]\)$", line)]
    return ["%s, %s: %s" % (lang, key, f) for f in findings]


def verdict(text):
    """Which parts are shown, and which wrong path it is."""
    return re.findall(r"^\[[x ]\]|\b[sp]\d\.w\d\b", text, re.M)


def judged(place):
    """`lab why` over every recorded run: the same exit code, parts and wrong paths."""
    findings = []
    for journal in sorted(glob.glob(content.TOP + "/tests/lab/fixtures/*/*.jsonl")):
        step = str(int(os.path.basename(os.path.dirname(journal))[:2]))
        call = ["lab", "why", step, "--journal", journal]
        english = subprocess.run([BUILD + "/drydock", *call], capture_output=True, text=True)
        status, found, text = program(place, "en_XA", 80, *call)
        findings += found
        if (status, verdict(text)) != (english.returncode, verdict(english.stdout)):
            findings.append("%s is judged differently: %s" % (journal, text))
    return findings


def main():
    os.environ["DOCKER_HOST"] = "unix:///nowhere"
    os.environ.pop("NO_COLOR", None)
    for name in ("DRYDOCK_LABS", "DRYDOCK_LESSONS", "DRYDOCK_QUIZ"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="drydock-test.") as place:
        subprocess.run([sys.executable, content.TOP + "/tests/helpers/pseudo.py", BUILD,
                        place], check=True)
        result(each(place, [["--help"]] + [[v, "--help"] for v in VERBS]), "every --help")
        result(each(place, [["lesson"]] + [["lesson", str(n)] for n in range(1, 10)]),
               "every lesson")
        result(each(place, [["quiz", "--list"], ["quiz", "--recap"],
                            ["lab", "list", "--journal", "/dev/null"],
                            ["lab", "recap", "--journal", "/dev/null"]]), "the lists")
        result(sum((played(place, lang, key) for lang in LANGUAGES for key in "abc"), []),
               "every question of the quiz and what its answers are told")
        result(judged(place), "every recorded run is judged alike in each language")
    print("1..%d" % count)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
