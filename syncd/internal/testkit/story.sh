#!/usr/bin/env bash
# Starts bin/syncd, plays the story of examples/hello against it, and keeps syncd running until Ctrl-C.
#
#   story.sh [--once] [--listen ADDR] [--data DIR]
#
# With --once it stops syncd after the story, on a store that it throws away. The Makefile builds syncd and installs the npm packages.
set -euo pipefail
cd "$(dirname "$0")/../../.."

once='' listen=127.0.0.1:3030 data=.data
while (($#)); do
  case $1 in
    --once) once=yes listen=127.0.0.1:0; shift ;;
    --listen) listen=$2; shift 2 ;;
    --data) data=$2; shift 2 ;;
    *) echo "usage: $0 [--once] [--listen ADDR] [--data DIR]" >&2; exit 2 ;;
  esac
done

scratch=$(mktemp -d)
syncd=''
stop() {
  if [[ $syncd ]] && kill -TERM "$syncd" 2>/dev/null; then wait "$syncd" || true; fi
  rm -rf "$scratch"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
admin=()
if [[ $once ]]; then data=$scratch/data admin=(--admin-listen off); fi

if [[ ! $once ]]; then bin/syncd demo --data "$data"; fi

# syncd gets a process group of its own, so that Ctrl-C reaches it once: from stop.
mkfifo "$scratch/stdout"
set -m
bin/syncd serve --open --listen "$listen" --data "$data" --log-level warn "${admin[@]}" >"$scratch/stdout" &
syncd=$!
set +m
if ! read -r line <"$scratch/stdout"; then # syncd has said why
  echo "syncd did not start. If the address is taken: make run LISTEN=127.0.0.1:0 takes a free one." >&2
  exit 1
fi
address=${line#listening on http://}

node examples/hello/hello.mjs "ws://$address"
[[ $once ]] && exit 0

cat <<END

syncd keeps running, with its documents in $data. Press Ctrl-C to stop it.

  open the demo board                 http://$address/
  the same as a kiosk, and a desk     http://$address/kiosk  http://$address/desk
  automerge-repo clients connect to   ws://$address
  is it ready?                        http://$address/readyz
  play the story again                node examples/hello/hello.mjs ws://$address

END
trap 'echo; exit 0' INT TERM # from here on that is how it should end
code=0
wait "$syncd" || code=$?
syncd=''
echo "syncd ended by itself, with code $code" >&2
exit 1
