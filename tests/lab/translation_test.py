#!/usr/bin/env python3
"""A translation has every text of the English files and nothing else, and fits it."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helpers"))
import content  # noqa: E402

LANGUAGES = ["de"]
count = 0


def result(findings, name):
    global count
    count += 1
    print("%sok %d - %s" % ("not " if findings else "", count, name))
    for f in findings[:20]:
        print("# " + f)


def where(path):
    return ": ".join(str(p) for p in path)


def check_front(english, other):
    wanted, got = dict(content.texts(english)), dict(content.texts(other))
    found = ["%s has no translation" % where(p) for p in wanted if p not in got]
    found += ["%s: nothing to translate here" % where(p) for p in got if p not in wanted]
    found += ["%s: no text, it belongs to the English file only" % where(p)
              for p in content.other_keys(other)]
    for p in wanted.keys() & got.keys():
        if content.placeholders(wanted[p]) != content.placeholders(got[p]):
            found.append("%s: {...} differ" % where(p))
        if content.codes(wanted[p]) - content.codes(got[p]):
            found.append("%s: %s is gone" % (where(p), content.codes(wanted[p]) -
                                             content.codes(got[p])))
    return found


def check_body(english, other):
    a, b = content.shape(english), content.shape(other)
    return ["%s: %s here, %s in English" % (k, b[k], a[k]) for k in a if a[k] != b[k]]


def check_file(path, lang):
    other = content.translation_of(path, lang)
    if not os.path.exists(os.path.join(content.TOP, other)):
        return [other + " is not there"]
    front, body = content.read(path)
    front2, body2 = content.read(other)
    return check_front(front, front2) + check_body(body, body2)


def check_catalogue(lang):
    run = subprocess.run([content.TOP + "/tests/helpers/strings.sh", "missing", lang],
                         capture_output=True, text=True)
    return run.stdout.splitlines() if run.returncode else []


def check_reading(lang, plain, *verb):
    """The program takes every file, and speaks the language."""
    build = os.environ.get("DRYDOCK_BUILD", content.TOP + "/build")
    env = dict(os.environ, DRYDOCK_LANG=lang, DRYDOCK_LABS=content.TOP + "/labs",
               DRYDOCK_LESSONS=content.TOP + "/lessons", DRYDOCK_QUIZ=content.TOP + "/quiz")
    run = subprocess.run([build + "/drydock", *verb] + (["--plain"] if plain else []), env=env,
                         capture_output=True)
    found = run.stderr.decode().splitlines() if run.returncode else []
    if any(c > 126 for c in run.stdout):
        found.append("not ASCII: %s" % next(w for w in run.stdout.split()
                                            if any(c > 126 for c in w)))
    return found


def check_formats(lang):
    run = subprocess.run(["msgfmt", "--check-format", "--check-domain", "-o", "/dev/null",
                          "%s/po/%s.po" % (content.TOP, lang)], capture_output=True, text=True)
    return (run.stderr.splitlines() or ["msgfmt failed"]) if run.returncode else []


for language in LANGUAGES:
    result(check_catalogue(language), "po/%s.po has every message of the sources" % language)
    result(check_formats(language), "po/%s.po: formats and plurals agree" % language)
    result(check_reading(language, False, "lab", "list", "--journal", "/dev/null") +
           check_reading(language, True, "quiz", "--list") +
           check_reading(language, True, "quiz", "--recap") +
           check_reading(language, True, "lesson"), "%s: every file is read" % language)
    for file in content.english_files():
        result(check_file(file, language), content.translation_of(file, language))
print("1..%d" % count)
