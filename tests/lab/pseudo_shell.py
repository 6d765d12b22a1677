"""pseudo_shell.py PROGRAM LANGUAGE COLUMNS TRANSCRIPT - types all of the lab's words into its
shell, and prints what is torn or (in en_XA) not translated."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helpers"))
import pseudo  # noqa: E402
import terminal  # noqa: E402

# In every language the prompt ends with this, and so do questions to be answered.
PROMPT = r"(> ?(x+ ?)*⟧? |\[y/N\] )$"
# What docker prints is docker's: it goes where nobody looks.
RUN = ["docker run hello-world >/dev/null 2>&1", "docker info >/dev/null 2>&1"]
ONCE = ["help", "list", "where", "hint 3", "predict z", "answer", "answer nothing 1", "back",
        "goto 99", "trace nothing", "trace", "check", "why", "predict", "predict b sure",
        *RUN, "check", "why", "predict", "recap", "quiz --list", "review --list",
        "lesson", "reset", "n", "reset --yes"]
STEP = ["step %d", "read", "check", "why", "hint", "hint", "hint", "hint", "hint 1", "predict",
        "predict a", "predict skip", "answer follow a"]


def judge(text, lang, columns):
    # What was typed is readline's to break.
    text = re.sub(r"^.*h[oó]st> ([x ]*⟧ )?.*$", "", text, flags=re.M | re.I)
    found = ["torn: " + line for line in terminal.torn(text, columns)]
    if lang == "en_XA":
        text = re.sub(r"unix:\S*", "", text)
        found += ["not translated: " + line for line in pseudo.outside(text)]
    return found


def main():
    program, lang, columns, transcript = sys.argv[1:]
    # The trace is not followed: how its lines come between is up to the clock.
    lines = ["trace off"] + ONCE + [line % n if "%d" in line else line
                                    for n in range(1, 11) for line in STEP]
    lines += ["step 1", *RUN, "check", "docker rm -f $(docker ps -aq) >/dev/null", "step 2",
              "exit", "exit"]
    status, text = terminal.run([program, "--learner", lang, "--lab", "1"], int(columns), lines,
                                PROMPT, env={"DRYDOCK_LANG": lang})
    with open(transcript, "w", encoding="utf-8") as f:
        f.write(text)
    for line in judge(text, lang, int(columns)) + ([] if status == 0 else [str(status)]):
        print(line)


main()
