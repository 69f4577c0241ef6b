package cli

import (
	"strings"
	"testing"

	"rsc.io/qr"
)

// TestTheDrawingIsTheCode reads a drawing back, module by module.
func TestTheDrawingIsTheCode(t *testing.T) {
	text := "https://board.example/#c=7qk2m-9xzta"
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(qrText(text), "\n"), "\n")
	for n, line := range lines {
		line = strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[30;107m"), "\x1b[0m")
		if got := len([]rune(line)); got != code.Size+2*quiet {
			t.Fatalf("line %d has %d characters, not %d", n, got, code.Size+2*quiet)
		}
		for x, r := range []rune(line) {
			y := 2*n - quiet
			upper, lower := r == '█' || r == '▀', r == '█' || r == '▄'
			if upper != code.Black(x-quiet, y) || lower != code.Black(x-quiet, y+1) {
				t.Fatalf("line %d, character %d is %q", n, x, r)
			}
		}
	}
	if len(lines) < (code.Size+2*quiet)/2 {
		t.Errorf("%d lines for %d modules", len(lines), code.Size)
	}
	if got := qrText(strings.Repeat("x", 5000)); got != "" {
		t.Error("a text that fits no code was drawn")
	}
}

func TestLabelsDoNotMoveTheCursor(t *testing.T) {
	var out strings.Builder
	table := newTable(&out, "A", "B")
	table.row("x\x1b[2Jy\n\u202ez", "")
	if err := table.w.Flush(); err != nil || strings.ContainsAny(out.String(), "\x1b\u202e") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("printed %q, %v", out.String(), err)
	}
}
