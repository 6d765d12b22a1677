# busybox.sh - a root around Debian's static busybox: one program, many names.
mkdir -p "$ROOT"/{bin,etc,root,tmp,usr/bin,usr/sbin,sbin,var/www,home/user}
chmod 1777 "$ROOT/tmp"
cp "$(command -v busybox)" "$ROOT/bin/busybox"
for name in $("$ROOT/bin/busybox" --list); do
	[ "$name" = busybox ] || ln -s busybox "$ROOT/bin/$name"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$ROOT/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\nuser:x:1000:\nextra:x:1001:user\n' >"$ROOT/etc/group"
echo first >"$ROOT/etc/layer"
echo "gone in the second layer" >"$ROOT/etc/removed"
echo "Welcome to nginx!" >"$ROOT/var/www/index.html"
chown -R 1000:1000 "$ROOT/home/user"
