#!/bin/bash
# kernel.sh DIR - Debian's cloud kernel, fetched as a package and unpacked into DIR,
# never installed.  Prints its version.  DIR/boot/vmlinuz-VERSION boots;
# kernel.sh DIR modules NAME... prints the files of modules, needed ones first.
set -euo pipefail
dir=$1
shift

fetch() {
	local package
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ && !n++ { print $2 }')
	[ -n "$package" ] || return 1
	rm -rf "$dir.new" && mkdir -p "$dir.new"
	(cd "$dir.new" && apt-get -q -o APT::Sandbox::User=root download "$package" >/dev/null &&
		dpkg-deb -x ./*.deb . && rm -f ./*.deb)
	rm -rf "$dir" && mv "$dir.new" "$dir"
}

version() { basename "$(echo "$dir"/boot/vmlinuz-*)" | sed 's/^vmlinuz-//'; }

needs() { tr '\0' '\n' <"$1" | sed -n 's/^depends=//p' | tr , ' '; }

declare -A done_already
modules() {	# NAME...
	local name file
	for name in "$@"; do
		[ -z "${done_already[$name]:-}" ] || continue
		done_already[$name]=1
		file=$(find "$dir/lib/modules" -name "${name//_/[-_]}.ko" | head -n 1)
		[ -n "$file" ] || continue	# built into the kernel
		# shellcheck disable=SC2046  # a list of names
		modules $(needs "$file")
		echo "$file"
	done
}

if [ "${1:-}" = modules ]; then
	shift
	modules "$@"
	exit
fi
ls "$dir"/boot/vmlinuz-* >/dev/null 2>&1 || fetch ||
	{ apt-get update -q >/dev/null 2>&1 && fetch; } || { echo "no kernel package to be had" >&2; exit 1; }
version
