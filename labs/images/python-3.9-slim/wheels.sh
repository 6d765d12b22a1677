# wheels.sh PACKAGE... - the Python modules of these Debian packages, and of those they
# depend on, as wheels inside the image: the lecture's `RUN pip install -r
# requirements.txt` then needs no network, as `apt-get` in the ubuntu image needs none.
wheels=/usr/share/drydock/wheels
sources
say "wheels of $*"
mkdir -p "$CACHE/wheels/partial" "$ROOT/mnt/wheels"
quietly "fetching $*" "$AGAIN" apt_host -o Dir::State::status="$ROOT/var/lib/dpkg/status" \
	-o Dir::Cache::archives="$CACHE/wheels" --download-only install "$@"
mount --bind "$CACHE/wheels" "$ROOT/mnt/wheels"
in_root python3 - /mnt/wheels "$wheels" <wheels.py
umount "$ROOT/mnt/wheels"
rmdir "$ROOT/mnt/wheels"
# Without a network PyPI should be given up soon, hence the one retry.
cat >"$ROOT/etc/pip.conf" <<CONF
# The packages of the course lie in the image.  pip asks PyPI, too, unless it is told
# --no-index, on its command line or in requirements.txt.
[global]
find-links = $wheels
retries = 1
CONF
label org.drydock.packages "wheels in $wheels: $(cd "$ROOT$wheels" && echo *.whl | sed -E 's,-[^ ]*,,g')"
