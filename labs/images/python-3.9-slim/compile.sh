# compile.sh - compiles Python's modules again, all in the same order of hashes: the
# packages' own scripts leave it to chance, and each bake would give other bytes.
in_root sh -c 'find /usr/lib/python3 /usr/lib/python3.* -name "*.pyc" -delete'
# What is newer than the archive gets the archive's date at the end of this step: it
# has to have it now, since a compiled module is out of date when its source's differs.
find "$ROOT"/usr/lib/python3* -newermt "@$(noted epoch)" -exec touch -h -d "@$(noted epoch)" {} +
# Some modules are written to be refused (lib2to3's examples): that is no failure.
in_root sh -c 'python3 -m compileall -q --invalidation-mode timestamp /usr/lib/python3 /usr/lib/python3.* >/dev/null || true'
