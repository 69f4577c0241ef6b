// Command bench puts the same load on two sync servers and prints what each spent.
//
// It promises identical bytes for both: the posts are made once, by posts.mjs, and replayed by clients that speak the wire protocol
// themselves and answer as a stock client does, so that almost all of the processor is left to the server. It counts the server's own
// processor time, from the kernel's clock of that process, and never the driver's. It shares no code with the server: what both got
// wrong would not be seen. It owns the server processes it starts and the directories they write to.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Counts that keep the whole table under four minutes, also for a slow server.
const (
	postsMade       = 10_000
	ingestAlone     = 300 // changes of the single writer
	ingestWriters   = 20
	ingestEach      = 200 // changes of each of the writers
	fanoutPosts     = 50
	firstSyncSmall  = 1_000
	firstSyncLarge  = 10_000
	fanoutFew       = 50
	fanoutMany      = 200
	fanoutPerSecond = 10
)

const usage = `bench puts the same load on two sync servers and prints what each spent.

A command may contain {port}, {data} and {dir}: a free port, an empty directory and the directory of this program's files. The
environment of a server has PORT and DATA_DIR, which the server from npm reads.
`

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	commandA := flag.String("a", "bin/syncd serve --open --listen 127.0.0.1:{port} --admin-listen off --log-level warn --data {data}", "command of server A, or empty")
	commandB := flag.String("b", "node {dir}/node_modules/@automerge/automerge-repo-sync-server/src/index.js", "command of server B, or empty")
	dir := flag.String("dir", "syncd/internal/testkit/bench", "directory of posts.mjs and node_modules")
	only := flag.String("only", "", "run only the workloads whose name contains this")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()

	scratch, err := os.MkdirTemp("", "tavle-bench-")
	if err != nil {
		return fmt.Errorf("make a directory for the servers: %w", err)
	}
	defer os.RemoveAll(scratch)
	posts, err := makePosts(*dir, scratch)
	if err != nil {
		return err
	}
	contenders := []contender{}
	for i, command := range []string{*commandA, *commandB} {
		if command != "" {
			command = strings.ReplaceAll(command, "{dir}", *dir)
			contenders = append(contenders, contender{name: string(rune('A' + i)), command: command, scratch: scratch})
		}
	}
	if len(contenders) == 0 {
		return errors.New("no server to measure: -a and -b are empty")
	}
	return measureAll(os.Stdout, contenders, posts, *only)
}

// makePosts has posts.mjs write the history and reads it.
func makePosts(dir, scratch string) ([]post, error) {
	file := filepath.Join(scratch, "posts")
	command := exec.Command("node", filepath.Join(dir, "posts.mjs"), fmt.Sprint(postsMade), file)
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make the posts (is npm ci done in %s?): %w\n%s", dir, err, out)
	}
	posts, err := readPosts(file)
	if err != nil {
		return nil, fmt.Errorf("read the posts: %w", err)
	}
	return posts, nil
}
