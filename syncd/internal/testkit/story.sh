#!/usr/bin/env bash
# Plays the story of examples/hello against a bin/syncd of its own, then starts the demo board and keeps it running until Ctrl-C.
#
#   story.sh [--once] [--listen ADDR] [--data DIR]
#
# With --once it ends after the story. The Makefile builds syncd and installs the npm packages.
set -euo pipefail
cd "$(dirname "$0")/../../.."

once='' listen=127.0.0.1:3030 data=.data
while (($#)); do
  case $1 in
    --once) once=yes; shift ;;
    --listen) listen=$2; shift 2 ;;
    --data) data=$2; shift 2 ;;
    *) echo "usage: $0 [--once] [--listen ADDR] [--data DIR]" >&2; exit 2 ;;
  esac
done

scratch=$(mktemp -d)
syncd='' address=''
stop() {
  if [[ $syncd ]] && kill -TERM "$syncd" 2>/dev/null; then wait "$syncd" || true; fi
  syncd=''
}
trap 'stop; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# serve starts a syncd and sets its address. It gets a process group of its own, so that Ctrl-C reaches it once: from stop.
serve() {
  rm -f "$scratch/stdout"
  mkfifo "$scratch/stdout"
  set -m
  bin/syncd serve --log-level warn "$@" >"$scratch/stdout" &
  syncd=$!
  set +m
  local line
  if ! read -r line <"$scratch/stdout"; then # syncd has said why
    echo "syncd did not start. If the address is taken: make run LISTEN=127.0.0.1:0 takes a free one." >&2
    exit 1
  fi
  address=${line#listening on http://}
}

# The story shares a document of its own, on a server that is open to any program.
serve --open --listen 127.0.0.1:0 --data "$scratch/data" --admin-listen off
node examples/hello/hello.mjs "ws://$address"
stop
[[ $once ]] && exit 0

serve --demo --listen "$listen" --data "$data"
cat <<END

Now the demo board, on a server that knows its members. It keeps running, with its documents in $data. Press Ctrl-C to stop it.

  open the demo board                 http://$address/
  the same as a kiosk, and a desk     http://$address/kiosk  http://$address/desk
  is it ready?                        http://$address/readyz

No account is needed: every browser on this machine joins by itself, as an owner of the demo board who may also write for
neighbours and moderate. Who belongs:  bin/syncd member list --data $data
END
trap 'echo; exit 0' INT TERM # from here on that is how it should end
code=0
wait "$syncd" || code=$?
syncd=''
if ((code == 0)); then # by a signal to it alone
  echo "syncd was told to stop, and did." >&2
  exit 0
elif ((code > 128)); then
  echo "syncd was ended by signal $((code - 128))." >&2
else # it has said why
  echo "syncd ended by itself, with code $code." >&2
fi
exit 1
