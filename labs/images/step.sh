#!/bin/bash
# step.sh - carries out one RUN line of a Recipe; started by `drydock bake`.
#
#	step.sh 'install python3 && alias_python'
#
# The line is a piece of shell, run in the recipe's own folder, outside of the
# image: the host's tools build what the image has no tools for.  What it changes
# below $ROOT becomes the layer.  `drydock bake` has put the step into mount and
# process namespaces of its own, so that nothing it mounts or starts outlives it.
#
#	ROOT     the image's root as this layer sees it
#	CACHE    kept for all steps of one bake: package lists, packages, notes
#	LABELS   file: each line KEY=VALUE becomes a label of the image
#	RECIPE   the recipe's folder
#	SUITE    set: the base's release, which the packages must be of, too
#
# Packages come from the machine's own package sources and are verified with
# Debian's archive keys, which the machine has: see sources() below.

set -eEuo pipefail
shopt -s nullglob
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 TZ=UTC
export PYTHONHASHSEED=0		# the same bytes from Python each time
umask 022

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# Ubuntu 20.04 and Debian 11 share glibc 2.31, and Debian 11's Python is the 3.9
# that the course asks for.
WANTED_SUITE=${SUITE:-bullseye}
# What a container has no reader for.  Written to the image too, so that packages
# installed in a container keep to it as well.
DPKG_RULES='path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright'

say() { echo "    $*"; }
# Runs a tool whose words are wanted only when it fails: the first error line, or
# the last line, says why; with --verbose all of them show.
quietly() {	# WHAT HINT COMMAND...
	local what=$1 hint=$2 log=$CACHE/log
	shift 2
	"$@" >"$log" 2>&1 && return
	cat "$log"
	die "$what: $(grep -m 1 -E '^(E:|dpkg: error|.*: error:)' "$log" || tail -n 1 "$log")" "$hint"
}
AGAIN="check the network and the free space; then run drydock bake again"

# Ends the step; `drydock bake` shows the last lines as the reason and the hint.
die() {
	echo "bake-error: $1" >&2
	[ -z "${2:-}" ] || echo "bake-hint: $2" >&2
	exit 1
}

label() { echo "$1=$2" >>"$LABELS"; }
note() { echo "$2" >"$CACHE/$1"; }		# remembered for later steps
noted() { cat "$CACHE/$1"; }

# ---- where packages come from --------------------------------------------------

# The machine's mirror for a suite of its own: "bookworm", "bookworm-security".
mirror_of() {
	apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(REPO_URI)' |
		awk -v suite="$1" '$1 == "Packages" && $2 == suite && !n++ { print $3 }'	# reads on: no SIGPIPE
}

source_lines() {	# SUITE OWN-SUITE: the main archive, then security where there is one
	local main security
	main=$(mirror_of "$2")
	# apt names only sources whose lists it has: a new machine has none yet.
	[ -n "$main" ] || { apt-get -q update >&2 || true; main=$(mirror_of "$2"); }
	security=$(mirror_of "$2-security")
	[ -n "$main" ] || die "this machine has no package source for Debian $2" \
		"give /etc/apt/sources.list a line for $2, run apt-get update, then drydock bake again"
	echo "deb [signed-by=$KEYRING] $main $1 main"
	[ -z "$security" ] || echo "deb [signed-by=$KEYRING] $security $1-security main"
}

# The machine's own apt, with lists, packages and configuration of its own in
# $CACHE; only how to reach the network (Acquire::*) is taken over.
apt_host() {
	if [ ! -e "$CACHE/apt.conf" ]; then
		mkdir -p "$CACHE"/{lists,archives}/partial "$CACHE/apt"
		{
			apt-config dump | grep '^Acquire::http.*Proxy' || true
			cat <<-CONF
			Dir::Etc::main "/dev/null";
			Dir::Etc::parts "/dev/null";
			Dir::Etc::sourcelist "$CACHE/sources.list";
			Dir::Etc::sourceparts "/dev/null";
			Dir::State::lists "$CACHE/lists";
			Dir::Cache "$CACHE/apt";
			APT::Sandbox::User "root";
			APT::Install-Recommends "false";
			APT::Update::Error-Mode "any";
			Acquire::Check-Valid-Until "false";
			Acquire::Languages "none";
			Acquire::Retries "2";
			DPkg::Use-Pty "false";
			CONF
		} >"$CACHE/apt.conf"
	fi
	APT_CONFIG=$CACHE/apt.conf apt-get -q -y "$@"
}

# Decides once a bake which suite it is, and reads its package lists.
sources() {
	local own suite
	[ -e "$CACHE/suite" ] && return
	[ -r "$KEYRING" ] || die "the archive's keys are missing" "apt-get install debian-archive-keyring"
	own=$(. /etc/os-release; echo "${VERSION_CODENAME:-}")
	for suite in "$WANTED_SUITE" "$own"; do
		source_lines "$suite" "$own" >"$CACHE/sources.list"
		say "reading the package lists of Debian $suite"
		apt_host update >"$CACHE/log" 2>&1 || continue
		# The archive's own date stamps all files: baked twice, the same bytes.
		note epoch "$(date -d "$(sed -n 's/^Date: //p' "$CACHE"/lists/*_"$suite"_InRelease)" +%s)"
		note suite "$suite"
		return
	done
	die "no package mirror answers: $(grep -m 1 '^E:' "$CACHE/log" || echo 'apt-get update failed')" \
		"check the network and /etc/apt/sources.list; then run drydock bake again"
}

# ---- what Recipes say ------------------------------------------------------------

# In a user namespace without a range of users: baked by somebody who isn't root.
one_user() { awk '{ n += $3 } END { exit n > 1 }' /proc/self/uid_map; }

# A Debian of its essential packages and apt; and tzdata, which Python needs and
# whose installation, later and at a terminal, would stop to ask for a city.
bootstrap() {
	local rule options=() suite
	sources
	suite=$(noted suite)
	while read -r rule; do options+=(--dpkgopt="$rule"); done <<<"$DPKG_RULES"
	# A terminal's group can't be had where there are no others: this machine's /dev then.
	! one_user || options+=(--skip=chroot/mount/dev --extract-hook='mount --rbind /dev "$1/dev"'
		--customize-hook='umount -l "$1/dev"')
	say "mmdebstrap: Debian $suite, essential packages and apt"
	# The sources are handed over on stdin: with them comes the right mirror.
	export SOURCE_DATE_EPOCH
	SOURCE_DATE_EPOCH=$(noted epoch)
	quietly mmdebstrap "$AGAIN" mmdebstrap --variant=apt --include=tzdata --mode=root --format=directory \
		--skip=check/empty --aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
		"${options[@]}" "$suite" "$ROOT" - <"$CACHE/sources.list"
	# Neither this machine's name nor its mirror belong into an image.
	: >"$ROOT/etc/apt/sources.list"
	# The lecture's line with "Docker!" in double quotes works as printed.
	echo 'set +H	# ! is no question to the history' >>"$ROOT/etc/bash.bashrc"
	rm -f "$ROOT"/etc/{hostname,resolv.conf} "$ROOT"/etc/apt/sources.list.d/*
	label org.drydock.suite "$suite"
	label org.drydock.date "$(noted epoch)"		# in seconds since 1970: what all files are stamped with
	label org.drydock.contents "Debian $(cat "$ROOT/etc/debian_version") ($suite): essential packages and apt"
}

# What maintainer scripts expect; the mounts vanish with the step's namespace.
prepare_chroot() {
	mountpoint -q "$ROOT/proc" && return
	mount -t proc proc "$ROOT/proc"
	mount --rbind /dev "$ROOT/dev"
	printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"	# no service starts
	chmod 755 "$ROOT/usr/sbin/policy-rc.d"
}
# Without the network: nothing in there needs it, and port 80 is free for a test.
in_root() {
	prepare_chroot
	SOURCE_DATE_EPOCH=$(noted epoch) HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		unshare --net chroot "$ROOT" "$@"
}

# Installs packages with the machine's apt: it resolves, fetches and verifies out
# here and runs dpkg in there.
install() {
	sources
	prepare_chroot
	say "installing $*"
	mkdir -p "$ROOT/var/cache/apt/archives"
	mount --bind "$CACHE/archives" "$ROOT/var/cache/apt/archives"
	export SOURCE_DATE_EPOCH
	SOURCE_DATE_EPOCH=$(noted epoch)
	quietly "installing $*" "$AGAIN" apt_host -o Dir::State::status="$ROOT/var/lib/dpkg/status" \
		-o Dir::State::extended_states="$ROOT/var/lib/apt/extended_states" \
		-o Dir::Cache::archives="$ROOT/var/cache/apt/archives" -o DPkg::Chroot-Directory="$ROOT" \
		install "$@"
	umount "$ROOT/var/cache/apt/archives"
}

# A package source inside the image: it works with the cable pulled.
repository() {	# PACKAGE...: these, with all they depend on
	local dir=$ROOT/usr/share/drydock/packages
	sources
	say "a package source of $*"
	mkdir -p "$dir/partial"
	quietly "fetching $*" "$AGAIN" apt_host -o Dir::State::status="$ROOT/var/lib/dpkg/status" \
		-o Dir::Cache::archives="$dir" --download-only install "$@"
	rm -rf "$dir/partial" "$dir/lock"
	(cd "$dir" && dpkg-scanpackages --multiversion . >Packages 2>/dev/null && {
		echo "Origin: Drydock"
		echo "Date: $(date -R -u -d "@$(noted epoch)")"
		echo "SHA256:"
		echo " $(sha256sum Packages | cut -d ' ' -f 1) $(stat -c %s Packages) Packages"
	} >Release)
	cat >"$ROOT/etc/apt/sources.list" <<-'LIST'
	# Packages of this course, inside the image: apt-get works without a network.
	deb [trusted=yes] file:/usr/share/drydock/packages ./
	LIST
	# Without root's rights a container may have no user but root.
	echo 'APT::Sandbox::User "root";' >"$ROOT/etc/apt/apt.conf.d/90drydock"
}

# A static C program: it runs in an image that holds nothing else.
program() {	# SOURCE PATH
	say "compiling $1"
	mkdir -p "$ROOT$(dirname "$2")"
	musl-gcc -static -Os -s -o "$ROOT$2" "$1" || die "compiling $1 failed" "apt-get install musl-tools"
}

copy() {	# FILE PATH [MODE]: from the recipe's folder
	command install -D -m "${3:-644}" "$RECIPE/$1" "$ROOT$2"
}

# ---- the step itself ---------------------------------------------------------------

# Logs, caches and machine identities: of no use to a reader, and different each time.
tidy() {
	local epoch
	[ -d "$ROOT/etc/apt" ] || return 0
	rm -f "$ROOT/usr/sbin/policy-rc.d" "$ROOT"/var/lib/dpkg/{lock*,triggers/Lock,*-old} \
		"$ROOT"/var/cache/debconf/*-old "$ROOT/var/cache/ldconfig/aux-cache" "$ROOT"/etc/{passwd,group,shadow,gshadow,subuid,subgid}- \
		"$ROOT"/var/lib/apt/lists/{lock,*_*} "$ROOT"/var/cache/apt/*.bin "$ROOT/var/lib/systemd/random-seed"
	rm -rf "$ROOT"/var/lib/apt/lists/{partial,auxfiles}/* "$ROOT/root/.cache"
	find "$ROOT/var/log" -type f -delete
	[ ! -e "$ROOT/etc/machine-id" ] || : >"$ROOT/etc/machine-id"
	epoch=$(noted epoch)
	sed -i "s/^\([^:]*:[^:]*\):[0-9]\{5,\}:/\1:$((epoch / 86400)):/" "$ROOT/etc/shadow"
}

trap 'echo "bake-error: line $LINENO failed: $BASH_COMMAND" >&2' ERR
cd "$RECIPE"
eval "$1"
umount -R -l "$ROOT/proc" "$ROOT/dev" 2>/dev/null || true
tidy
