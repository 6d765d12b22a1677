#!/bin/bash
# Pure cgroup v2, which nearly every student's machine has and hybrid test machines
# don't: Debian's own cloud kernel under qemu, without KVM, with an initramfs of our
# programs and root tests.  It is also an older kernel: fallbacks get used for real.
# timeout: 240
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TESTS/.." || exit 1

[ "$(uname -m)" = x86_64 ] || skip_all "the guest is x86_64"
TOOLS="bash ip nft nsenter unshare lsns comm curl setpriv"
# shellcheck disable=SC2086  # a list of names
need qemu-system-x86_64 cpio busybox newuidmap $TOOLS
V2=$BUILD/v2
KERNEL_SH=tests/helpers/v2/kernel.sh
version=$(bash $KERNEL_SH "$V2/kernel" 2>&1) || skip_all "Debian's cloud kernel can't be fetched: $version"

# Modules that Debian builds apart; what they need is found in the files themselves.
MODULES="overlay bridge veth nf_tables nft_chain_nat nft_masq nft_ct nft_reject nft_reject_ipv4
	nft_reject_inet nft_fib nft_fib_ipv4 nf_conntrack_netlink crc32c_generic tun"

root=$WORK/initramfs
# Copies programs with the libraries they load, to the same paths.
add() {		# PROGRAM [PATH]
	command install -D "$1" "$root${2:-$1}"
	ldd "$1" 2>/dev/null | grep -oE '/[^ ]+' | sort -u | while read -r lib; do
		[ -e "$root$lib" ] || command install -D "$lib" "$root$lib"
	done
}

mkdir -p "$root"/{bin,modules,build,tests/root,tests/helpers,labs}
add "$(command -v busybox)" /bin/busybox
for p in $TOOLS; do add "$(command -v "$p")" "/usr/bin/$p"; done
for p in newuidmap newgidmap; do	# with root's rights, wherever the file came from
	add "$(command -v $p)" /usr/bin/$p && chmod u+s "$root/usr/bin/$p"
done
ln -s /usr/bin/bash "$root/bin/bash"
add "$(command -v dash)" /bin/sh	# busybox's would prefer its own ip
for p in drydock drydock-engine drydock-supervisor; do add "$BUILD/$p" "/build/$p"; done
ln -s drydock "$root/build/docker"
command install tests/helpers/v2/init "$root/init"
cp tests/helpers/tap.sh "$root/tests/helpers/"
cp tests/root/v2_guest.sh tests/root/v2_rootless.sh "$root/tests/root/"
cp -r labs/images "$root/labs/"
"$ENGINE" bake --root "$BUILD/test-images" --only test >/dev/null || bail "no test images"
cp -a "$BUILD/test-images" "$root/build/"
# shellcheck disable=SC2086  # a list of names
for m in $(bash $KERNEL_SH "$V2/kernel" modules $MODULES); do
	cp "$m" "$root/modules/"
	basename "$m" >>"$root/modules/order"
done
# What cgroup v2 could change.  Traffic has nothing to do with it, and takes minutes here.
add "$BUILD/tests/root/launch_test" /tests/root/launch_test
echo /tests/root/launch_test >"$root/tests/list"
echo /tests/root/v2_guest.sh >>"$root/tests/list"
echo /tests/root/v2_rootless.sh >>"$root/tests/list"
(cd "$root" && find . | cpio -o -H newc --quiet) >"$WORK/initrd"

timeout 220 qemu-system-x86_64 -accel tcg -m 1024 -smp 2 -nographic -no-reboot -nic none \
	-kernel "$V2/kernel/boot/vmlinuz-$version" -initrd "$WORK/initrd" \
	-append "console=ttyS0 quiet cgroup_no_v1=all rcupdate.rcu_expedited=1 panic=-1" </dev/null 2>&1 |
	tr -d '\r\033' >"$WORK/console"

# The guest's results become ours, each with its test's name.
while IFS= read -r line; do
	name=${line%%: *} said=${line#*: }
	case $said in
	"ok "*"# SKIP"*) skip 1 "$name: ${said#*# SKIP }" ;;
	"ok "*) tap_result 0 "v2: $name: ${said#ok * - }" ;;
	"not ok "*) tap_result 1 "v2: $name: ${said#not ok * - }" ;;
	"status: 0") tap_result 0 "v2: $name ends well" ;;
	"status: "*) tap_result 1 "v2: $name ends well ($said)" ;;
	*) diag "$name: $said" ;;
	esac
done < <(sed -n 's/^.*V2 \([a-z0-9_.]*: \)/\1/p' "$WORK/console")
ok "the guest came to its end" grep -q 'V2 END' "$WORK/console"
[ "$tap_failed" -eq 0 ] || diag "$(tail -n 60 "$WORK/console")"
done_testing
