# names.sh - Debian's Python lives in /usr/bin; the image it stands in for has it
# in /usr/local/bin.  Links, not copies: `ls -l` tells where it really is.
version=$(in_root python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
mkdir -p "$ROOT/usr/local/bin"
for name in python python3 "python$version"; do
	ln -sfn "/usr/bin/python$version" "$ROOT/usr/local/bin/$name"
done
for name in pip pip3 "pip$version"; do
	ln -sfn /usr/bin/pip3 "$ROOT/usr/local/bin/$name"
done
ln -sfn "/usr/bin/pydoc$version" "$ROOT/usr/local/bin/pydoc"
label org.drydock.contents "Python $(in_root python3 -c 'import platform; print(platform.python_version())') of Debian $(noted suite), in /usr/bin; /usr/local/bin has links to it"
