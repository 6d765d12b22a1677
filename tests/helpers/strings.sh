#!/bin/sh
# strings.sh - the messages of the sources, for translators (po/README.md).
#
#	strings.sh pot		prints the template, made from the sources
#	strings.sh update XX	brings po/XX.po up to date: new messages empty, old ones kept
#	strings.sh missing XX	lists what po/XX.po has no translation for; fails if there is any
set -eu
cd "$(dirname "$0")/../.."

pot() {
	find engine labs lessons quiz trace -name '*.c' | LC_ALL=C sort |
		xgettext --files-from=- --from-code=UTF-8 --language=C -o - --sort-output \
			--package-name=drydock --add-comments=TRANSLATORS \
			--keyword=_ --keyword=N_ --keyword=P_:1,2
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
pot >"$work/drydock.pot"
case ${1:-} in
pot)
	cat "$work/drydock.pot" ;;
update)
	msgmerge --quiet --no-fuzzy-matching --no-wrap --no-location --sort-output \
		"po/$2.po" "$work/drydock.pot" -o "$work/new.po"
	msgattrib --no-obsolete --no-wrap "$work/new.po" | grep -v "^.POT-Creation-Date" >"po/$2.po" ;;
missing)
	# Current in the template, but not translated or only guessed in the catalogue.
	msgmerge --quiet --no-fuzzy-matching "po/$2.po" "$work/drydock.pot" -o "$work/new.po"
	msgattrib --untranslated --no-obsolete --no-wrap "$work/new.po" | grep '^msgid "' |
		grep -v '^msgid ""$' && exit 1
	exit 0 ;;
*)
	sed -n 's/^# \{0,1\}//p' "$0" | sed -n 2,6p >&2
	exit 2 ;;
esac
