#!/usr/bin/env bash
# The Go benchmarks of the hot paths, at a git ref and in this tree as it is, in turns, and what benchstat makes of them.
#
#   compare.sh REF        COUNT runs each (6), of BENCHTIME (300ms); OUT keeps what was measured in that directory; AS runs them,
#                         as in AS='chrt -f 10'
set -euo pipefail
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"

# The tool is at a version that was tried. go run fetches it once and verifies it by its checksum.
benchstat=golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

# Package and benchmarks: a change in and out to many peers, what a peer lacks, a document that is opened.
paths=(
  'syncd/internal/replica ^BenchmarkFanOut$'
  'syncd/internal/edge ^BenchmarkFanOut$'
  'crdt/history ^BenchmarkSince$'
  'crdt/history ^BenchmarkSinceDifference$/^changes=1000$'
  'crdt/history ^BenchmarkOpen$/^changes=(1000|20000)$'
  'syncd/internal/hub ^BenchmarkOpen$/^changes=1000$'
)

old=$(git rev-parse --verify --quiet "${1:-}^{commit}") || {
  echo "make bench-compare OLD=REF: there is no commit \"${1:-}\" to compare with; HEAD~10 is one, or a tag"
  exit 2
}
scratch=$(mktemp -d)
trap 'git worktree remove --force "$scratch/old" 2>/dev/null || true; rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
out=${OUT:-$scratch/out}
mkdir -p "$out"
: > "$out/old.txt"; : > "$out/new.txt"
git worktree add --quiet --detach "$scratch/old" "$old"
ln -s "$PWD" "$scratch/new"

run=()
for path in "${paths[@]}"; do
  read -r package pattern <<< "$path"
  binary=$(tr / - <<< "$package").test
  for side in old new; do
    [[ -e $scratch/$side-$binary ]] || go -C "$scratch/$side/" test -c -o "$scratch/$side-$binary" "./$package" > "$scratch/log" 2>&1 || { cat "$scratch/log"; echo "left out, it does not build there ($side): $package"; continue 2; }
  done
  run+=("$path")
done

count=${COUNT:-6}
for round in $(seq "$count"); do
  for path in "${run[@]}"; do
    read -r package pattern <<< "$path"
    echo "round $round of $count: $package $pattern" >&2
    sides=(old new)
    ((round % 2)) || sides=(new old)
    for side in "${sides[@]}"; do
      (cd "$scratch/$side/$package" && ${AS:-} "$scratch/$side-$(tr / - <<< "$package").test" -test.run '^$' -test.bench "$pattern" -test.benchmem -test.benchtime "${BENCHTIME:-300ms}") >> "$out/$side.txt"
    done
  done
done
echo "old: $(git log -1 --format='%h %s' "$old"); new: this tree; load average $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || true)"
go run "$benchstat" "old=$out/old.txt" "new=$out/new.txt"
