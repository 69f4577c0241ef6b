package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/cli"
)

func TestWhatWasDone(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	r.ok("board", "create", "Lindeparken", "--data", dir)
	r.ok("board", "create", "Egeparken", "--data", dir)
	invited := r.ok("invite", "--board=Lindeparken", "--role=owner", "--label=Bo", "--data", dir)
	bo := r.join(dir, codeForm.FindString(invited))
	r.ok("member", "grant", bo.Member.Ref, "--role=moderator", "--board=Lindeparken", "--data", dir)
	lines := strings.Split(strings.TrimSpace(normal(r.ok("audit", "--data", dir))), "\n")
	for n, want := range []string{
		"WHEN BY ACT BOARD WHOM ROLES WHAT", " operator granted Lindeparken Bo moderator -", " Bo joined Lindeparken Bo owner ",
		" operator invited Lindeparken - owner ", " operator boardCreated Egeparken - - -", " operator boardCreated Lindeparken - - -",
	} {
		if n >= len(lines) || !strings.Contains(lines[n], want) {
			t.Errorf("line %d has no %q:\n%s", n, want, strings.Join(lines, "\n"))
		}
	}
	if out := r.ok("audit", "--data", dir, "--board=egeparken"); strings.Count(out, "\n") != 2 {
		t.Errorf("of one board:\n%s", out)
	}
	var page api.AuditPage
	if err := json.Unmarshal([]byte(r.ok("audit", "--json", "--limit=2", "--data", dir)), &page); err != nil || len(page.Entries) != 2 || page.Entries[0].N != 5 || page.Next != 4 {
		t.Errorf("%+v, %v", page, err)
	}
	if res := r.run("audit", "--limit=-1", "--data", dir); res.code != cli.ExitUsage {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
}
