#!/usr/bin/env python3
"""strace_equal.py STRACE_LOG TRACE BEGIN END - is our trace what strace saw?

STRACE_LOG: strace -f -ttt -o; TRACE: drydock trace --as strace.  For each thread
the calls of the table that ended between BEGIN and END (seconds since 1970) must be
the same, in the same order, with the same results.

Two kinds of calls.  Most are made through the waist and nowhere else: for them
the two lists must be equal.  A few (open, write, socket ...) are used by plain file
work as well, which isn't traced: every one of ours must be in strace's list, in
order, with its path and result; what strace has beyond is counted, not compared.

NO_CALLS are system calls that only bear the name of one of the table: what the C
library does to have a thread is no k_spawn().  Nothing else is let pass.  Exit
status 0: equal; 1: not.
"""
import collections
import re
import sys
import time

SHARED = set('''openat close read write mkdirat unlinkat symlinkat fchownat dup3 faccessat
    faccessat2 socket bind listen connect sendto recvfrom sendmsg recvmsg ioctl'''.split())

# A row of several system calls of which one failed is told under the row's own name.
ROWS = {'write_file', 'read_file', 'tty_open', 'nftables'}

# pattern over the call as strace prints it, and why it can't be one of the table's
NO_CALLS = [
    (r'^clone3?\(.*CLONE_THREAD', 'a thread: the table has processes only'),
    (r'^prctl\(PR_SET_NAME', "a thread's name, by pthread_setname_np(3)"),
    (r'^prlimit64\(0, RLIMIT_\w+, NULL', 'a limit is read: the table only sets them'),
]

CALL = re.compile(r'^(\w+)\((.*)\)\s+= (.*)$', re.S)
Call = collections.namedtuple('Call', 'name args result text')


def parse_call(text):
    text = re.sub(r'\s*<\d+\.\d+>$', '', text.strip())
    m = CALL.match(text)
    return Call(m[1], m[2], m[3].split(' (')[0].strip(), text) if m else None


def read_strace(path, begin, end):
    """{thread: [Call]}; calls that strace cut in two are put together again."""
    threads, open_calls = collections.defaultdict(list), {}
    for line in open(path, errors='replace'):
        m = re.match(r'^(\d+)\s+(\d+\.\d+) (.*)$', line.rstrip('\n'))
        if not m:
            continue
        pid, when, text = int(m[1]), float(m[2]), m[3]
        resumed = re.match(r'^<\.\.\. \w+ resumed>(.*)$', text)
        if text.endswith('<unfinished ...>'):
            open_calls[pid] = (when, text[:-len('<unfinished ...>')])
            continue
        if resumed:
            when, first = open_calls.pop(pid, (when, ''))
            text = first + resumed[1]
        call = parse_call(text)
        if call and begin <= when <= end:
            threads[pid].append(call)
    return threads


def read_trace(path, begin):
    """The clock has no date: BEGIN's is taken."""
    midnight = time.mktime(time.localtime(begin)[:3] + (0, 0, 0, 0, 0, -1))
    threads = collections.defaultdict(list)
    for line in open(path, errors='replace'):
        m = re.match(r'^\[pid\s+(\d+)\] (\d+):(\d+):([\d.]+) (.*)$', line.rstrip('\n'))
        call = parse_call(m[5]) if m else None
        when = midnight + int(m[2]) * 3600 + int(m[3]) * 60 + float(m[4]) if m else 0
        if call and (when >= begin or when < begin - 43200):
            threads[int(m[1])].append(call)
    return threads


def quoted(call):
    text = re.search(r'"((?:[^"\\]|\\.)*)', call.args)
    return text[1] if text else ''


def same_operand(ours, theirs):
    """The path, the data, or else the first number: what tells two calls of a name apart."""
    first = ours.args.split(',')[0].strip()
    if ours.name in ('sendmsg', 'recvmsg'):
        return True
    if first not in ('?', 'AT_FDCWD'):
        return first == theirs.args.split(',')[0].strip()
    a, b = quoted(ours), quoted(theirs)
    n = min(len(a), len(b), 24)
    return a[:n] == b[:n]


def same(ours, theirs, used):
    """Same name, same operand (of shared calls), same result."""
    if ours.name != theirs.name or ours.name in SHARED and not same_operand(ours, theirs):
        return False
    if ours.result == '?':      # a number that one row used within itself
        used['number not recorded: ' + ours.name] += 1
        return not theirs.result.startswith('-') and same_length(ours, theirs)
    return ours.result == theirs.result


def same_length(ours, theirs):
    """Where the trace shows the message's length, that many bytes were sent."""
    length = re.search(r'\{len=(\d+)', ours.args)
    return ours.name != 'sendto' or not length or theirs.result == length[1]


def no_call(call, used):
    for pattern, why in NO_CALLS:
        if re.search(pattern, call.text):
            used[why] += 1
            return True
    return False


def without_programs(ours, theirs, used):
    """Takes out what the container's programs did: all after the execve that is
    our last call in a thread, and every thread that such a program started."""
    started = []
    for pid, mine in ours.items():
        if mine and mine[-1].name == 'execve' and mine[-1].result == '0':
            ends = [i for i, c in enumerate(theirs[pid]) if c.name == 'execve' and c.result == '0']
            started += theirs[pid][ends[0] + 1:] if ends else []
            theirs[pid] = theirs[pid][:ends[0] + 1] if ends else theirs[pid]
    for call in started:
        born = re.search(r"= (\d+)$|/\* (\d+) in strace's PID NS \*/$", call.text)
        if call.name in ('clone', 'clone3', 'fork', 'vfork') and born:
            started += theirs.pop(int(born[2] or born[1]), [])
    used["calls of the container's own programs"] += len(started)


class Comparison:
    def __init__(self, theirs):
        self.used, self.beyond = collections.Counter(), collections.Counter()
        self.wrong, self.equal = [], 0

    def thread(self, pid, ours, theirs):
        self.used['several calls, one of them failed'] += sum(c.name in ROWS for c in ours)
        ours = [c for c in ours if c.name not in ROWS]
        names = {c.name for c in ours}
        self.in_step(pid, [c for c in ours if c.name not in SHARED],
                     [c for c in theirs if c.name not in SHARED])
        self.in_order(pid, [c for c in ours if c.name in SHARED],
                      [c for c in theirs if c.name in SHARED and c.name in names])

    def in_step(self, pid, ours, theirs):
        at = 0
        for b in theirs:
            if at < len(ours) and same(ours[at], b, self.used):
                self.equal += 1
                at += 1
            elif not no_call(b, self.used):
                self.wrong.append((pid, ours[at].text if at < len(ours) else '(nothing)', b.text))
                return
        if at < len(ours):
            self.wrong.append((pid, ours[at].text, '(nothing)'))

    def in_order(self, pid, ours, theirs):
        at = 0
        for a in ours:
            start = at
            while at < len(theirs) and not same(a, theirs[at], collections.Counter()):
                at += 1
            if at == len(theirs):
                self.wrong.append((pid, a.text, '(not there)'))
                at = start
                continue
            same(a, theirs[at], self.used)
            for b in theirs[start:at]:
                self.beyond[b.name] += 1
            at += 1
            self.equal += 1


def main():
    begin, end = float(sys.argv[3]), float(sys.argv[4])
    theirs, ours = read_strace(sys.argv[1], begin, end), read_trace(sys.argv[2], begin)
    c = Comparison(theirs)
    without_programs(ours, theirs, c.used)
    for pid in sorted(set(ours) | set(theirs)):
        c.thread(pid, ours[pid], theirs[pid])
    print(f'{c.equal} calls equal, in {len(ours)} threads')
    for what, n in sorted((+c.used).items()):
        print(f'{n} times: {what}')
    for name, n in sorted(c.beyond.items()):
        print(f'plain file work, not compared: {n} times {name}')
    for pid, a, b in c.wrong:
        print(f'thread {pid}: we say    {a}\nthread {pid}: strace says {b}')
    return 1 if c.wrong or not c.equal else 0


sys.exit(main())
