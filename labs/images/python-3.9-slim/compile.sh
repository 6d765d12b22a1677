# compile.sh - compiles Python's modules again, all in the same order of hashes: the
# packages' own scripts leave it to chance, and each bake would give other bytes.
in_root sh -c 'find /usr/lib/python3 /usr/lib/python3.* -name "*.pyc" -delete'
# Some modules are written to be refused (lib2to3's examples): that is no failure.
in_root sh -c 'python3 -m compileall -q --invalidation-mode timestamp /usr/lib/python3 /usr/lib/python3.* >/dev/null || true'
