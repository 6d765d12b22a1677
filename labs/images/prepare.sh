#!/bin/sh
# prepare.sh - before the lab opens: makes the course images, or says what goes without.
#
#	prepare.sh build/drydock-engine
#
# Somebody who isn't root can't install what making them needs.  That is no reason to
# keep the lab shut.
set -eu
engine=$1
packages=$(dirname "$0")/../../tests/helpers/packages.sh

ask_for() { echo "hint: ask whoever is root for: apt-get install --no-install-recommends$1"; }

lacking=$("$packages" --list lab)
if [ -n "$lacking" ]; then
	echo "This machine lacks what a step of the lab uses:$lacking"
	ask_for "$lacking"
fi
lacking=$("$packages" --list bake)
if [ -z "$lacking" ]; then
	exec "$engine" bake
fi
"$engine" bake --list | grep -qv ' ready$' || exit 0
echo "The course images are not there, and to make them this machine lacks:$lacking"
ask_for "$lacking"
cat <<'END'
Without them you have the lessons, the quiz and every docker command. The lab's steps need
images of the same names: they are pulled from Docker Hub, if it can be reached from here.
`drydock doctor` says what else works on this machine, and how.
END
